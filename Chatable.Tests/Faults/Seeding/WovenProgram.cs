using System.Reflection;
using Mono.Cecil;
using Mono.Cecil.Cil;
using MethodAttributes = Mono.Cecil.MethodAttributes;
using MethodBody = Mono.Cecil.Cil.MethodBody;

namespace Chatable.Tests.Faults.Seeding;

/// <summary>
/// A copy of a shipped service whose methods that are <see cref="InPlaceOfAttribute">replaced</see> call ours, which can inject a bug or a
/// crash. The product contains none of this. The process needs the <see cref="ProcessHook"/> to find our methods.
/// </summary>
internal static class WovenProgram
{
    /// <summary>The suffix of the original method that a replaced one keeps beside it.</summary>
    public const string Suffix = "Shipped";

    private static readonly string s_root = CreateRoot();
    private static readonly Dictionary<string, string> s_folders = [];
    private static readonly Lock s_gate = new();

    /// <summary>The classes with the replacement methods.</summary>
    public static Type[] Detouring { get; } = [typeof(ApiServerDetours), typeof(WorkerDetours)];

    /// <summary>The folder of the copy, which is made on first use and deleted when this process exits.</summary>
    /// <param name="folder">The build output of the service.</param>
    /// <param name="project">The project's name.</param>
    /// <exception cref="InvalidOperationException">A replacement method has no method to replace.</exception>
    public static string FolderOf(string folder, string project)
    {
        lock (s_gate)
            return s_folders.TryGetValue(project, out var made) ? made : s_folders[project] = Weave(folder, project);
    }

    private static string CreateRoot()
    {
        var root = Directory.CreateTempSubdirectory("chatable-woven-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => TryDelete(root);
        return root;
    }

    // A failed deletion must not fail the run that ends.
    private static void TryDelete(string root)
    {
        try
        {
            Directory.Delete(root, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }

    private static string Weave(string folder, string project)
    {
        var woven = Path.Combine(s_root, project);
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(woven, Path.GetRelativePath(folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        var detours = Detours().ToLookup(detour => detour.Replaced.Type.Assembly.GetName().Name!);
        foreach (var assembly in new[] { "Chatable.Messaging", project })
            Weave(Path.Combine(folder, $"{assembly}.dll"), Path.Combine(woven, $"{assembly}.dll"), detours[assembly]);
        return woven;
    }

    private static IEnumerable<(InPlaceOfAttribute Replaced, MethodInfo Detour)> Detours() =>
        from type in Detouring
        from method in type.GetMethods(BindingFlags.Static | BindingFlags.Public)
        let replaced = method.GetCustomAttribute<InPlaceOfAttribute>()
        where replaced is not null
        select (replaced, method);

    private static void Weave(string shipped, string woven, IEnumerable<(InPlaceOfAttribute Replaced, MethodInfo Detour)> detours)
    {
        using var resolver = new DefaultAssemblyResolver();
        resolver.AddSearchDirectory(Path.GetDirectoryName(shipped));
        using var module = ModuleDefinition.ReadModule(shipped, new ReaderParameters { AssemblyResolver = resolver });
        MayCallInternals(module);
        foreach (var (replaced, detour) in detours)
            Redirect(MethodOf(module, replaced, detour), module.ImportReference(detour));
        module.Write(woven);
    }

    // The replacement methods and their parameter types are internal.
    private static void MayCallInternals(ModuleDefinition module)
    {
        var attribute = new CustomAttribute(module.ImportReference(
            typeof(System.Runtime.CompilerServices.IgnoresAccessChecksToAttribute).GetConstructors().Single()));
        attribute.ConstructorArguments.Add(new(module.TypeSystem.String, typeof(WovenProgram).Assembly.GetName().Name));
        module.Assembly.CustomAttributes.Add(attribute);
    }

    private static MethodDefinition MethodOf(ModuleDefinition module, InPlaceOfAttribute replaced, MethodInfo detour)
    {
        string[] parameters = [.. module.ImportReference(detour).Parameters.Select(NameOf)];
        var type = module.GetType(replaced.Type.FullName!.Replace('+', '/'));
        return type.Methods.SingleOrDefault(method => method.Name == replaced.Method
                && parameters.SequenceEqual([.. method.HasThis ? [type.FullName] : Array.Empty<string>(), .. method.Parameters.Select(NameOf)]))
            ?? throw new InvalidOperationException($"{detour.Name}: no {replaced.Method} of {type} takes ({string.Join(", ", parameters)}).");
    }

    // "in" is a reference with a modifier on methods that can be overridden, and without one on others.
    private static string NameOf(ParameterDefinition parameter) =>
        (parameter.ParameterType is RequiredModifierType modified ? modified.ElementType : parameter.ParameterType).FullName;

    // The body moves to a new method beside it; the method itself only calls ours.
    private static void Redirect(MethodDefinition method, MethodReference detour)
    {
        var shipped = new MethodDefinition(
            method.Name + Suffix,
            MethodAttributes.Private | MethodAttributes.HideBySig | (method.Attributes & MethodAttributes.Static), method.ReturnType)
        {
            Body = method.Body,
        };
        foreach (var parameter in method.Parameters)
            shipped.Parameters.Add(new ParameterDefinition(parameter.Name, parameter.Attributes, parameter.ParameterType));
        method.DeclaringType.Methods.Add(shipped);

        method.Body = new MethodBody(method);
        var code = method.Body.GetILProcessor();
        if (method.HasThis)
            code.Emit(OpCodes.Ldarg_0);
        foreach (var parameter in method.Parameters)
            code.Emit(OpCodes.Ldarg, parameter);
        code.Emit(OpCodes.Call, detour);
        code.Emit(OpCodes.Ret);
    }
}
