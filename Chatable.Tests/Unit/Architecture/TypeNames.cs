using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace Chatable.Tests.Unit.Architecture;

/// <summary>The full names of all types in a signature.</summary>
internal sealed class TypeNames(MetadataReader reader) : ISignatureTypeProvider<ImmutableArray<string>, object?>
{
    public string Of(TypeDefinitionHandle handle)
    {
        var type = reader.GetTypeDefinition(handle);
        return type.IsNested ? Of(type.GetDeclaringType()) : Join(type.Namespace, type.Name);
    }

    public IEnumerable<string> Any(EntityHandle handle) => handle.Kind switch
    {
        HandleKind.TypeDefinition => [Of((TypeDefinitionHandle)handle)],
        HandleKind.TypeReference => [Of((TypeReferenceHandle)handle)],
        _ => reader.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(this, null),
    };

    public ImmutableArray<string> GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) =>
        [Of(handle)];

    public ImmutableArray<string> GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => [Of(handle)];

    public ImmutableArray<string> GetTypeFromSpecification(
        MetadataReader reader, object? context, TypeSpecificationHandle handle, byte rawTypeKind) => [.. Any(handle)];

    public ImmutableArray<string> GetGenericInstantiation(ImmutableArray<string> type, ImmutableArray<ImmutableArray<string>> arguments) =>
        [.. type, .. arguments.SelectMany(argument => argument)];

    public ImmutableArray<string> GetModifiedType(ImmutableArray<string> modifier, ImmutableArray<string> type, bool isRequired) =>
        [.. modifier, .. type];

    public ImmutableArray<string> GetFunctionPointerType(MethodSignature<ImmutableArray<string>> signature) =>
        [.. signature.ReturnType, .. signature.ParameterTypes.SelectMany(parameter => parameter)];

    public ImmutableArray<string> GetArrayType(ImmutableArray<string> type, ArrayShape shape) => type;

    public ImmutableArray<string> GetByReferenceType(ImmutableArray<string> type) => type;

    public ImmutableArray<string> GetPinnedType(ImmutableArray<string> type) => type;

    public ImmutableArray<string> GetPointerType(ImmutableArray<string> type) => type;

    public ImmutableArray<string> GetSZArrayType(ImmutableArray<string> type) => type;

    public ImmutableArray<string> GetGenericMethodParameter(object? context, int index) => [];

    public ImmutableArray<string> GetGenericTypeParameter(object? context, int index) => [];

    public ImmutableArray<string> GetPrimitiveType(PrimitiveTypeCode code) => [];

    private string Of(TypeReferenceHandle handle)
    {
        var type = reader.GetTypeReference(handle);
        return type.ResolutionScope.Kind == HandleKind.TypeReference
            ? Of((TypeReferenceHandle)type.ResolutionScope)
            : Join(type.Namespace, type.Name);
    }

    private string Join(StringHandle nameSpace, StringHandle name) => $"{reader.GetString(nameSpace)}.{reader.GetString(name)}";
}
