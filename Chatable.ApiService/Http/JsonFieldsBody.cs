using System.Diagnostics.CodeAnalysis;

namespace Chatable.ApiService.Http;

/// <summary>A v2 body of named texts, a JSON object: either its fields, or the problem to answer.</summary>
internal sealed class JsonFieldsBody
{
    private readonly FormFields? _fields;
    private readonly Problem? _problem;

    private JsonFieldsBody(FormFields? fields, Problem? problem) => (_fields, _problem) = (fields, problem);

    public bool IsWellFormed([NotNullWhen(true)] out FormFields? fields, [NotNullWhen(false)] out Problem? problem)
    {
        (fields, problem) = (_fields, _problem);
        return fields is not null;
    }

    public static async ValueTask<JsonFieldsBody> BindAsync(HttpContext context)
    {
        if (!JsonBody.IsAcceptable(context.Request))
            return new JsonFieldsBody(null, Problem.Unsupported);

        var fields = await JsonBody.ReadAsync(context.Request, Read, context.RequestAborted);
        return fields is not null
            ? new JsonFieldsBody(fields, null)
            : new JsonFieldsBody(null, Problem.Invalid(new Dictionary<string, string> { ["body"] = "is not a well-formed JSON object" }));
    }

    private static FormFields? Read(ReadOnlySpan<byte> utf8)
    {
        var fields = new FormFields();
        return JsonFields.TryRead(utf8, fields) ? fields : null;
    }
}
