using System.Reflection;
using Mono.Cecil;
using Mono.Cecil.Cil;
using MethodAttributes = Mono.Cecil.MethodAttributes;
using MethodBody = Mono.Cecil.Cil.MethodBody;

namespace Chatable.Tests.Faults.Seeding;

/// <summary>
/// A copy of a service as it ships in which the methods that are <see cref="InPlaceOfAttribute">replaced</see> go through ours, which can
/// then have a bug, or die. The product has nothing of that. Such a process needs the <see cref="ProcessHook"/>, by which it finds them.
/// </summary>
internal static class WovenProgram
{
    /// <summary>What the name of a replaced method gets where it goes on as it was.</summary>
    public const string Suffix = "Shipped";

    private static readonly string s_root = CreateRoot();
    private static readonly Dictionary<string, string> s_folders = [];
    private static readonly Lock s_gate = new();

    /// <summary>The classes whose methods stand in for others.</summary>
    public static Type[] Detouring { get; } = [typeof(ApiServerDetours), typeof(WorkerDetours)];

    /// <summary>The folder of the copy, made when it is first asked for and gone with this process.</summary>
    /// <param name="folder">Of the service as it was built.</param>
    /// <param name="project">Its name.</param>
    /// <exception cref="InvalidOperationException">One of ours has no method to stand in for.</exception>
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

    // Whatever is in the way is no fault of the run that ends.
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

    // Ours are internal, as what they take is.
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

    // "in" is a reference with a modifier where the method can be overridden, and without it elsewhere.
    private static string NameOf(ParameterDefinition parameter) =>
        (parameter.ParameterType is RequiredModifierType modified ? modified.ElementType : parameter.ParameterType).FullName;

    // The body moves to a method beside it; all that is left of the method itself is the call of ours.
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
