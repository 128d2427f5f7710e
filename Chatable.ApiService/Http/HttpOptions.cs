namespace Chatable.ApiService.Http;

/// <summary>Section <c>Http</c>: how the API refuses bodies.</summary>
internal sealed class HttpOptions
{
    public const string Section = "Http";

    /// <summary>
    /// How much of a refused request's body is still read, and thrown away, so that the client reads the answer before the connection ends.
    /// </summary>
    public long DiscardedBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>For how long that is done.</summary>
    public TimeSpan DiscardTimeout { get; set; } = TimeSpan.FromSeconds(5);

    public IEnumerable<string> Faults() =>
    [
        .. OptionRange.Of(DiscardedBytes, 0, 1024 * 1024 * 1024, $"{Section}:DiscardedBytes"),
        .. OptionRange.Positive(DiscardTimeout, $"{Section}:DiscardTimeout"),
    ];
}
