using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Text.RegularExpressions;

namespace Chatable.Tests.Unit.Architecture;

/// <summary>
/// The types that an assembly's code uses: as a base, in signatures, fields, local variables, attributes and instructions. It cannot find
/// what the compiler leaves no trace of, such as a constant or a <c>nameof</c>.
/// </summary>
internal sealed partial class UsedTypes
{
    private readonly PEReader _file;
    private readonly MetadataReader _reader;
    private readonly TypeNames _names;

    private UsedTypes(PEReader file)
    {
        _file = file;
        _reader = file.GetMetadataReader();
        _names = new TypeNames(_reader);
    }

    /// <summary>Pairs of full names; nested types, lambdas and iterators count as the type that contains them.</summary>
    public static HashSet<(string User, string Used)> Read(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        var types = new UsedTypes(file);
        return
        [
            .. from handle in types._reader.TypeDefinitions
               let user = types._names.Of(handle)
               from used in types.Of(types._reader.GetTypeDefinition(handle))
               where used != user
               select (user, used),
        ];
    }

    private IEnumerable<string> Of(TypeDefinition type) =>
    [
        .. Of(type.BaseType),
        .. type.GetInterfaceImplementations().SelectMany(i => Of(_reader.GetInterfaceImplementation(i).Interface)),
        .. Of(type.GetCustomAttributes()),
        .. Of(type.GetGenericParameters()),
        .. type.GetFields().Select(_reader.GetFieldDefinition).SelectMany(
            field => field.DecodeSignature(_names, null).Concat(Of(field.GetCustomAttributes()))),
        .. type.GetProperties().SelectMany(property => Of(_reader.GetPropertyDefinition(property).GetCustomAttributes())),
        .. type.GetMethods().Select(_reader.GetMethodDefinition).SelectMany(Of),
    ];

    private IEnumerable<string> Of(MethodDefinition method) =>
    [
        .. Of(method.DecodeSignature(_names, null)),
        .. Of(method.GetCustomAttributes()),
        .. Of(method.GetGenericParameters()),
        .. method.GetParameters().SelectMany(parameter => Of(_reader.GetParameter(parameter).GetCustomAttributes())),
        .. method.RelativeVirtualAddress == 0 ? [] : Of(_file.GetMethodBody(method.RelativeVirtualAddress)),
    ];

    private IEnumerable<string> Of(MethodBodyBlock body) =>
    [
        .. body.LocalSignature.IsNil
            ? []
            : _reader.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(_names, null).SelectMany(names => names),
        .. body.ExceptionRegions.SelectMany(region => Of(region.CatchType)),
        .. Instructions.Tokens(body.GetILBytes()!).SelectMany(token => Of(MetadataTokens.EntityHandle(token))),
    ];

    private IEnumerable<string> Of(GenericParameterHandleCollection parameters) => parameters
        .SelectMany(parameter => _reader.GetGenericParameter(parameter).GetConstraints())
        .SelectMany(constraint => Of(_reader.GetGenericParameterConstraint(constraint).Type));

    // A type argument of an attribute is in the blob by name.
    private IEnumerable<string> Of(CustomAttributeHandleCollection attributes) => attributes.Select(_reader.GetCustomAttribute).SelectMany(
        attribute => Of(attribute.Constructor).Concat(
            DottedName().Matches(Encoding.Latin1.GetString(_reader.GetBlobBytes(attribute.Value))).Select(name => name.Value)));

    private static IEnumerable<string> Of(MethodSignature<ImmutableArray<string>> signature) =>
        signature.ParameterTypes.SelectMany(names => names).Concat(signature.ReturnType);

    private IEnumerable<string> Of(EntityHandle handle)
    {
        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition or HandleKind.TypeReference or HandleKind.TypeSpecification when !handle.IsNil:
                return _names.Any(handle);
            case HandleKind.MemberReference:
                var member = _reader.GetMemberReference((MemberReferenceHandle)handle);
                return Of(member.Parent).Concat(member.GetKind() == MemberReferenceKind.Field
                    ? member.DecodeFieldSignature(_names, null)
                    : Of(member.DecodeMethodSignature(_names, null)));
            case HandleKind.MethodSpecification:
                var specification = _reader.GetMethodSpecification((MethodSpecificationHandle)handle);
                return Of(specification.Method).Concat(specification.DecodeSignature(_names, null).SelectMany(names => names));
            case HandleKind.MethodDefinition:
                var method = _reader.GetMethodDefinition((MethodDefinitionHandle)handle);
                return _names.Any(method.GetDeclaringType()).Concat(Of(method.DecodeSignature(_names, null)));
            case HandleKind.FieldDefinition:
                var field = _reader.GetFieldDefinition((FieldDefinitionHandle)handle);
                return _names.Any(field.GetDeclaringType()).Concat(field.DecodeSignature(_names, null));
            default:
                return [];
        }
    }

    [GeneratedRegex(@"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")]
    private static partial Regex DottedName();
}
