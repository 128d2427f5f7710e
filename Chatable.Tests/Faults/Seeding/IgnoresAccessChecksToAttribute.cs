namespace System.Runtime.CompilerServices;

/// <summary>The runtime finds it by its name: an assembly that has it may access internal members of another one.</summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
{
    public string AssemblyName => assemblyName;
}
