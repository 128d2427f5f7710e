using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Chatable.ServiceDefaults;

/// <summary>
/// Rejects unknown names in our configuration sections, because a mistyped setting would silently have no effect. It covers all sources,
/// including the environment and the command line. The known names are those of the options classes, each of which has a <c>Section</c>
/// constant.
/// </summary>
internal sealed class SettingNames(IConfiguration configuration) : IValidateOptions<SettingNames.Checked>
{
    /// <summary>An empty options class, validated at startup to trigger the check of the names.</summary>
    public sealed class Checked;

    private const BindingFlags Constants = BindingFlags.Public | BindingFlags.Static;

    // A setting of all services, without an options class.
    private const string KeyPrefix = "Chatable:KeyPrefix";

    // The AppHost's environment may pass this setting on to its services, one of which has its own settings in that section.
    private const string Handed = "Fanout", HandedSetting = "Replicas";

    private const int MostMistypedLetters = 2;

    private static readonly Node s_known = Known();

    private sealed class Node
    {
        public SortedDictionary<string, Node> Children { get; } = new(StringComparer.OrdinalIgnoreCase);

        /// <summary>Returns the node of a path such as <c>Realtime:Delivery</c>, and creates it if it is missing.</summary>
        public Node At(string path)
        {
            var node = this;
            foreach (var name in path.Split(':'))
            {
                if (!node.Children.TryGetValue(name, out var child))
                    node.Children.Add(name, child = new Node());
                node = child;
            }

            return node;
        }
    }

    public ValidateOptionsResult Validate(string? name, Checked options) =>
        Unknown(configuration).ToArray() is { Length: > 0 } unknown ? ValidateOptionsResult.Fail(unknown) : ValidateOptionsResult.Success;

    /// <summary>Returns a sentence for each unknown name.</summary>
    public static IEnumerable<string> Unknown(IConfiguration configuration) =>
        s_known.Children.SelectMany(section => Unknown(configuration.GetSection(section.Key), section.Value))
            .Concat(configuration.GetChildren().Where(section => !s_known.Children.ContainsKey(section.Key)).SelectMany(Mistyped));

    // Foreign sections may have any name and any setting. A section counts as ours if its name differs from one of ours by a letter or two,
    // and it contains one of our settings.
    private static IEnumerable<string> Mistyped(IConfigurationSection section)
    {
        var nearest = NearestName.Of(section.Key, s_known.Children.Keys);
        if (NearestName.Distance(section.Key, nearest) > MostMistypedLetters)
            yield break;
        foreach (var setting in section.GetChildren().Where(setting => s_known.Children[nearest].Children.ContainsKey(setting.Key)))
            yield return $"{setting.Path} is no setting. The nearest one is {nearest}:{setting.Key}.";
    }

    // Values, lists and dictionaries have no child nodes here, so any name below them is allowed.
    private static IEnumerable<string> Unknown(IConfigurationSection section, Node known)
    {
        if (known.Children.Count == 0)
            yield break;
        foreach (var setting in section.GetChildren())
        {
            if (!known.Children.TryGetValue(setting.Key, out var child))
                yield return $"{setting.Path} is no setting. The nearest one is {section.Path}:{NearestName.Of(setting.Key, known.Children.Keys)}.";
            foreach (var fault in child is null ? [] : Unknown(setting, child))
                yield return fault;
        }
    }

    private static Node Known()
    {
        var known = new Node();
        foreach (var type in OwnAssemblies().SelectMany(assembly => assembly.GetTypes()))
        {
            if (type.GetField("Section", Constants) is { IsLiteral: true } section)
                Add(known.At((string)section.GetRawConstantValue()!), type);
        }

        known.At(KeyPrefix);
        // Other services do not have this section, and do not check it. One environment may be passed to all services.
        if (known.Children.TryGetValue(Handed, out var handed))
            handed.At(HandedSetting);
        return known;
    }

    private static void Add(Node node, Type options)
    {
        foreach (var property in options.GetProperties().Where(property => property.CanWrite || IsOwn(property.PropertyType)))
        {
            var child = node.At(property.Name);
            if (IsOwn(property.PropertyType))
                Add(child, property.PropertyType);
        }
    }

    private static bool IsOwn(Type type) => type.IsClass && IsOwn(type.Assembly.GetName());

    private static bool IsOwn(AssemblyName assembly) => assembly.Name!.StartsWith("Chatable.", StringComparison.Ordinal);

    private static IEnumerable<Assembly> OwnAssemblies()
    {
        var entry = Assembly.GetEntryAssembly()!;
        return entry.GetReferencedAssemblies().Where(IsOwn).Select(Assembly.Load).Append(entry);
    }
}

internal static class SettingNamesSetup
{
    public static void AddSettingNames(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<SettingNames.Checked>, SettingNames>();
        services.AddOptions<SettingNames.Checked>().ValidateOnStart();
    }
}
