using System.Reflection;
using System.Runtime.CompilerServices;

namespace Chatable.Tests.Faults.Seeding;

public sealed class WovenProgramTests
{
    private const BindingFlags Any = BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    // The compiler does not check these names; the runtime looks them up at the first call.
    public static TheoryData<string, string> Accessors => new(
        from type in WovenProgram.Detouring
        from method in type.GetMethods(Any)
        where method.GetCustomAttribute<UnsafeAccessorAttribute>() is not null
        select (type.Name, method.Name));

    [Theory]
    [InlineData("Chatable.ApiService")]
    [InlineData("Chatable.FanoutWorker")]
    public void EachDetourFindsItsMethod(string project)
    {
        var shipped = AppContext.BaseDirectory.Replace("Chatable.Tests", project, StringComparison.Ordinal);
        var woven = WovenProgram.FolderOf(shipped, project);
        Assert.True(File.Exists(Path.Combine(woven, $"{project}.dll")));
        Assert.True(File.Exists(Path.Combine(woven, "appsettings.json")) == File.Exists(Path.Combine(shipped, "appsettings.json")));
    }

    [Theory]
    [MemberData(nameof(Accessors))]
    public void EachAccessorNamesAMethodThatAWovenProgramHas(string type, string accessor)
    {
        var detours = WovenProgram.Detouring.Single(one => one.Name == type);
        var name = detours.GetMethod(accessor, Any)!.GetCustomAttribute<UnsafeAccessorAttribute>()!.Name!;
        var replaced = detours.GetMethods(Any).Select(one => one.GetCustomAttribute<InPlaceOfAttribute>()).OfType<InPlaceOfAttribute>().ToArray();

        Assert.Contains(name, (string[])
        [
            .. replaced.Select(one => one.Method + WovenProgram.Suffix),
            .. replaced.SelectMany(one => one.Type.GetMethods(Any)).Select(method => method.Name),
        ]);
    }
}
