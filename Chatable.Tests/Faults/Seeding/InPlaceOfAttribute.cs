namespace Chatable.Tests.Faults.Seeding;

/// <summary>
/// On a static method: in a <see cref="WovenProgram"/> it is called in place of a method of the program, and calls that itself, by its
/// name and "Shipped", where it does not mean to have a bug. It takes what that takes, after the object it is called on.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class InPlaceOfAttribute(Type type, string method) : Attribute
{
    public Type Type => type;

    public string Method => method;
}
