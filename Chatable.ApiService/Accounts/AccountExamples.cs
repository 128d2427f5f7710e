namespace Chatable.ApiService.Accounts;

/// <summary>The examples in the API document.</summary>
internal static class AccountExamples
{
    public const string Register = """
        {"first_name":"Bob","last_name":"Bobson","username":"bob","password":"correct-horse",
         "email":"hello@example.com","phone":"0123456789"}
        """;

    public const string LogIn = """{"username":"bob","password":"correct-horse"}""";

    public const string Refresh = """{"refresh_token":"FAIMPUSXVQJAMRGBSSUJHIRRZC3ROLLOLPYT5VQOR5K6OJKFY62Q"}""";

    public const string Token = """
        {"access_key_id":"AN5O6G5HYN4KFY7H2KM7XX4MKRI2RPNKUQELMQ54RITJBNS5RXKA","created_at":"2015-09-03T02:08:08.558583Z",
         "expires_at":"2015-10-03T02:08:08.558583Z","is_refreshable":true,"modified_at":"2015-09-03T02:08:08.558583Z",
         "refresh_token":"FAIMPUSXVQJAMRGBSSUJHIRRZC3ROLLOLPYT5VQOR5K6OJKFY62Q",
         "secret_access_key":"5GHV7INX2QZTG4RFE6LQMR34HWSF27IUUM55P65MFW4462SLC43A"}
        """;

    public const string User = $$"""
        {"email":"hello@example.com","first_name":"Bob","last_name":"Bobson","phone_number":"0123456789","token":{{Token}},"username":"bob"}
        """;
}
