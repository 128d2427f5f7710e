using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;

namespace Chatable.ApiService.Http;

/// <summary>A request record that reads itself from the fields of a body.</summary>
internal interface IForm<T> where T : class, IForm<T>
{
    /// <summary>Returns the form. Its content is undefined if <paramref name="fields"/> has errors afterwards.</summary>
    static abstract T Read(FormFields fields);
}

/// <summary>A body of named texts, URL-encoded or a JSON object: either a validated form, or the failure to answer.</summary>
internal sealed class FormBody<T> : IEndpointParameterMetadataProvider where T : class, IForm<T>
{
    private readonly T? _form;
    private readonly ApiFailure? _failure;

    private FormBody(T? form, ApiFailure? failure) => (_form, _failure) = (form, failure);

    public bool IsValid([NotNullWhen(true)] out T? form, [NotNullWhen(false)] out ApiFailure? failure)
    {
        (form, failure) = (_form, _failure);
        return form is not null;
    }

    public static async ValueTask<FormBody<T>> BindAsync(HttpContext context)
    {
        var (fields, failure) = await FormReader.ReadAsync(context.Request, context.RequestAborted);
        if (fields is null)
            return new FormBody<T>(null, failure);

        var form = T.Read(fields);
        return fields.Errors.Count == 0 ? new FormBody<T>(form, null) : new FormBody<T>(null, ApiFailure.FormError(fields.Errors));
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata([FormReader.UrlEncoded, FormReader.Json], typeof(T)));
}
