namespace Chatable.ApiService.Realtime.Sessions;

internal enum ProtocolVersion
{
    V1,
    V2,
}

internal static class Subprotocol
{
    public const string V2 = "chatable.v2";

    /// <summary>V2 for a client that offers it by name. Every other client gets v1, and no subprotocol is echoed.</summary>
    public static ProtocolVersion Choose(IList<string> offered) =>
        offered.Contains(V2, StringComparer.Ordinal) ? ProtocolVersion.V2 : ProtocolVersion.V1;

    public static string? Echo(ProtocolVersion version) => version == ProtocolVersion.V2 ? V2 : null;
}
