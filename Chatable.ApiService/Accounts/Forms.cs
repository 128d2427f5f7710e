using System.ComponentModel.DataAnnotations;
using Chatable.ApiService.Http;

namespace Chatable.ApiService.Accounts;

// The attributes document the rules of AccountFields in the API document.

/// <summary>Body of <c>POST /api/register</c> and <c>POST /api/v2/register</c>.</summary>
internal sealed record RegisterForm(
    [property: MaxLength(AccountFields.MaxName)] string FirstName,
    [property: MaxLength(AccountFields.MaxName)] string LastName,
    [property: MaxLength(Messaging.Users.Username.MaxLength), RegularExpression(@"^[a-zA-Z]\w+$")] string Username,
    [property: Length(AccountFields.MinPassword, AccountFields.MaxPassword)] string Password,
    [property: MaxLength(AccountFields.MaxEmail), EmailAddress] string Email,
    [property: MaxLength(AccountFields.MaxPhone), RegularExpression("^[0-9]+$")] string Phone) : IForm<RegisterForm>
{
    public static RegisterForm Read(FormFields fields) => Read(fields, AccountFields.NewPassword);

    public static RegisterForm Read(FormFields fields, FieldRule[] password) => new(
        fields.Required("first_name", AccountFields.Name),
        fields.Required("last_name", AccountFields.Name),
        fields.Required("username", AccountFields.Username),
        fields.Required("password", password),
        fields.Required("email", AccountFields.Email),
        fields.Required("phone", AccountFields.Phone));
}

/// <summary>Body of <c>POST /api/auth_token</c>.</summary>
internal sealed record LoginForm(string Username, string Password) : IForm<LoginForm>
{
    public static LoginForm Read(FormFields fields) => new(
        fields.Required("username", AccountFields.Credential),
        fields.Required("password", AccountFields.Password));
}

/// <summary>Body of <c>POST /api/auth_token/refresh</c>.</summary>
internal sealed record RefreshForm(string RefreshToken) : IForm<RefreshForm>
{
    public static RefreshForm Read(FormFields fields) => new(fields.Required("refresh_token", AccountFields.Credential));
}
