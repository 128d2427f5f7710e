using System.Security.Cryptography;

namespace Chatable.LocalHosting;

/// <summary>Where a parameter's value comes from when none is configured.</summary>
public abstract class ParameterDefault
{
    public abstract string GetDefaultValue();
}

/// <summary>A random value from the cryptographic generator, with at least the asked number of characters of each kind.</summary>
public sealed class GenerateParameterDefault : ParameterDefault
{
    // No l, o, I, O, 0 and 1: people read these aloud. The special ones need no quoting in connection strings and URLs.
    private const string LowerLetters = "abcdefghijkmnpqrstuvwxyz";
    private const string UpperLetters = "ABCDEFGHJKLMNPQRSTUVWXYZ";
    private const string Digits = "23456789";
    private const string Specials = "-_.~";

    /// <summary>Length in characters; the default gives more than 120 bits.</summary>
    public int MinLength { get; set; } = 22;

    public bool Lower { get; set; } = true;

    public bool Upper { get; set; } = true;

    public bool Numeric { get; set; } = true;

    public bool Special { get; set; } = true;

    public int MinLower { get; set; }

    public int MinUpper { get; set; }

    public int MinNumeric { get; set; }

    public int MinSpecial { get; set; }

    public override string GetDefaultValue()
    {
        (bool Wanted, string Characters, int Minimum)[] kinds =
            [(Lower, LowerLetters, MinLower), (Upper, UpperLetters, MinUpper),
             (Numeric, Digits, MinNumeric), (Special, Specials, MinSpecial)];
        var all = string.Concat(kinds.Where(kind => kind.Wanted).Select(kind => kind.Characters));
        if (all.Length == 0)
            throw new InvalidOperationException("A generated parameter needs at least one kind of character.");

        List<char> value = [];
        foreach (var kind in kinds.Where(kind => kind.Wanted))
            value.AddRange(RandomNumberGenerator.GetItems<char>(kind.Characters, kind.Minimum));
        value.AddRange(RandomNumberGenerator.GetItems<char>(all, Math.Max(0, MinLength - value.Count)));

        var characters = value.ToArray();
        RandomNumberGenerator.Shuffle<char>(characters);
        return new string(characters);
    }
}
