namespace Chatable.Tests.Faults.Seeding;

/// <summary>
/// Marks a static method that a <see cref="WovenProgram"/> calls in place of a method of the program. Without a bug to inject, it calls the
/// original, whose name ends in "Shipped". It has the same parameters, after the object it is called on.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class InPlaceOfAttribute(Type type, string method) : Attribute
{
    public Type Type => type;

    public string Method => method;
}
