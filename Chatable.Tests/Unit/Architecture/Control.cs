// Test data for the architecture tests: every class of Above uses one of Below in another way, and none of them imports it.
#pragma warning disable IDE0130 // Namespace does not match folder structure
#pragma warning disable CA1812 // Never instantiated

using Other = Chatable.Tests.Unit.Architecture.Control.Below.Thing;

namespace Chatable.Tests.Unit.Architecture.Control.Below
{
    [AttributeUsage(AttributeTargets.Class)]
    internal sealed class MarkAttribute(Type? type = null) : Attribute
    {
        public Type? Type { get; } = type;
    }

    internal sealed class Thing
    {
        public static int Count => Environment.ProcessId;

        public Thing Next => this;
    }

    internal sealed class OddException : Exception;
}

namespace Chatable.Tests.Unit.Architecture.Control
{
    [AttributeUsage(AttributeTargets.Class)]
    internal sealed class NeutralAttribute(Type type) : Attribute
    {
        public Type Type { get; } = type;
    }

    internal static class Neutral
    {
        public static object Make() => new();

        public static Below.Thing? Find() => null;
    }
}

namespace Chatable.Tests.Unit.Architecture.Control.Above
{
    internal sealed class Relative
    {
        public static int Run() => Below.Thing.Count;
    }

    internal sealed class Aliased
    {
        public static int Run() => Other.Count;
    }

    internal sealed class InALambda
    {
        public static Func<int, int> Run() => number => number + Below.Thing.Count;
    }

    internal sealed class AsAnArgument
    {
        public static Type Run() => typeof(Dictionary<string, List<Below.Thing>>);
    }

    [Below.Mark]
    internal sealed class AsAnAttribute;

    [Neutral(typeof(Below.Thing))]
    internal sealed class InAnAttribute;

    internal sealed class Caught
    {
        public static string Run()
        {
            try
            {
                return Neutral.Make().ToString()!;
            }
            catch (Below.OddException)
            {
                return "";
            }
        }
    }

    internal sealed class Inferred
    {
        public static object? Run() => Neutral.Find()?.Next;
    }

    internal sealed class Unrelated
    {
        public static object Run() => Neutral.Make();
    }
}
