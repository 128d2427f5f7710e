namespace System.Runtime.CompilerServices;

/// <summary>The runtime knows it by its name: an assembly that has it may call what is internal in another one.</summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
{
    public string AssemblyName => assemblyName;
}
