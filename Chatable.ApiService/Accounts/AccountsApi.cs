using System.Security.Claims;
using Chatable.ApiService.Auth;
using Chatable.ApiService.Http;
using Chatable.Messaging;
using Chatable.Messaging.Users;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chatable.ApiService.Accounts;

internal static class AccountsApi
{
    /// <summary>The misspelling dates from 2015. Clients compare this text.</summary>
    private const string NotUnique = "Some fileds are not unique";

    private const string Taken = "is taken";

    public static void AddAccounts(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<AccountsOptions>().BindConfiguration(AccountsOptions.Section).ValidateOnStart()
            .ValidateAll(options => options.Faults());
        builder.Services.AddValidatedOptions<PasswordsOptions, PasswordsOptionsValidator>(PasswordsOptions.Section);
        builder.Services.AddSingleton<UserStore>();
        builder.Services.AddSingleton<UserDirectory>();
        builder.Services.AddSingleton<ReservedUsernames>();
        builder.Services.AddSingleton<Passwords>();
        builder.Services.AddSingleton<Sessions>();
        builder.Services.ConfigureHttpJsonOptions(options =>
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, AccountsJson.Default));
    }

    public static void MapAccounts(this WebApplication app)
    {
        var group = app.MapGroup("/api").WithTags("Accounts");
        group.MapPost("/register", Register).ProducesFailures(400, 413, 415)
            .WithSummary("Creates a user and returns the first token.")
            .WithDescription("If another user has the username, the email or the phone number, `errors` names each of these fields.")
            .WithExamples(AccountExamples.Register, AccountExamples.User, NotUniqueFailure(new TakenFields(Username: true, false, false)));
        group.MapPost("/auth_token", LogIn).ProducesFailures(400, 401, 413, 415)
            .WithSummary("Returns a token for a username and password.")
            .WithExamples(AccountExamples.LogIn, AccountExamples.Token);
        group.MapPost("/auth_token/refresh", Refresh).ProducesFailures(400, 401, 413, 415)
            .WithSummary("Exchanges a refresh token for a new token.")
            .WithDescription("The old access key ends at once. If the response is lost, send the same refresh token again. Each time you "
                + "get another new token, until one of the new tokens is used. If you send the old refresh token after that, all tokens "
                + "that followed from the login end.")
            .WithExamples(AccountExamples.Refresh, AccountExamples.Token);
        group.MapDelete("/auth_token", LogOut).RequireAuthorization().ProducesFailures(401)
            .WithSummary("Ends the token that the request uses.");

        app.MapGroup("/api/v2").WithTags("Accounts").WithGroupName(V2Document.Name)
            .MapPost("/register", RegisterV2).Accepts<RegisterForm>(JsonBody.MediaType)
            .WithSummary("Creates a user and returns the first token.")
            .WithDescription("Works as in v1, except that a password may contain spaces. To log in and to refresh a token, use v1.")
            .Produces<RegisteredUser>(StatusCodes.Status201Created).ProducesProblems(400, 409, 413, 415)
            .WithV2Examples(answer: AccountExamples.User, body: AccountExamples.Register);
    }

    private static async Task<Results<Ok<ApiEnvelope<RegisteredUser>>, ApiFailure>> Register(
        FormBody<RegisterForm> body, ReservedUsernames reserved, Sessions sessions, CancellationToken cancellationToken)
    {
        if (!body.IsValid(out var form, out var failure))
            return failure;
        if (reserved.FaultOf(form.Username) is { } fault)
            return ApiFailure.FormError(fault);

        var (token, taken) = await sessions.RegisterAsync(form, cancellationToken);
        if (token is null)
            return NotUniqueFailure(taken);

        return TypedResults.Ok(ApiEnvelope.Success([RegisteredUser.From(form, token)]));
    }

    private static async Task<IResult> RegisterV2(
        JsonFieldsBody body, ReservedUsernames reserved, Sessions sessions, CancellationToken cancellationToken)
    {
        if (!body.IsWellFormed(out var fields, out var problem))
            return problem;

        var form = RegisterForm.Read(fields, AccountFields.NewPassphrase);
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);
        if (reserved.FaultOf(form.Username) is { } fault)
            return Problem.Invalid(fault);
        var (token, taken) = await sessions.RegisterAsync(form, cancellationToken);
        if (token is null)
            return Problem.NotUnique(FaultsOf(taken));

        return TypedResults.Created((string?)null, RegisteredUser.From(form, token));
    }

    // The original service's text comes first and unchanged. The taken fields follow it.
    private static ApiFailure NotUniqueFailure(TakenFields taken) =>
        ApiFailure.UserError(new Dictionary<string, string>([new("error", NotUnique), .. FaultsOf(taken)]));

    private static Dictionary<string, string> FaultsOf(TakenFields taken)
    {
        var faults = new Dictionary<string, string>();
        if (taken.Username)
            faults["username"] = Taken;
        if (taken.Email)
            faults["email"] = Taken;
        if (taken.PhoneNumber)
            faults["phone"] = Taken;
        return faults;
    }

    private static async Task<Results<Ok<ApiEnvelope<TokenItem>>, ApiFailure>> LogIn(
        FormBody<LoginForm> body, Sessions sessions, CancellationToken cancellationToken)
    {
        if (!body.IsValid(out var form, out var failure))
            return failure;

        if (await sessions.LogInAsync(form, cancellationToken) is not { } token)
            return ApiFailure.Unauthenticated;

        return TypedResults.Ok(ApiEnvelope.Success([TokenItem.Of(token)]));
    }

    private static async Task<Results<Ok<ApiEnvelope<TokenItem>>, ApiFailure>> Refresh(
        FormBody<RefreshForm> body, Sessions sessions, CancellationToken cancellationToken)
    {
        if (!body.IsValid(out var form, out var failure))
            return failure;

        if (await sessions.RefreshAsync(form, cancellationToken) is not { } token)
            return ApiFailure.Unauthenticated;

        return TypedResults.Ok(ApiEnvelope.Success([TokenItem.Of(token)]));
    }

    private static async Task<Ok<ApiEnvelope<NoItem>>> LogOut(
        ClaimsPrincipal user, Sessions sessions, CancellationToken cancellationToken)
    {
        await sessions.LogOutAsync(user.Authenticated().TokenId, cancellationToken);
        return TypedResults.Ok(ApiEnvelope.Success<NoItem>([]));
    }
}
