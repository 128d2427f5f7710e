using System.Globalization;
using Microsoft.AspNetCore.Http.Features;

namespace Chatable.ApiService.Realtime.Handover;

/// <summary>Why a request is not a valid opening handshake.</summary>
internal enum UpgradeFault
{
    None,

    /// <summary>The request does not ask for a WebSocket.</summary>
    NoWebSocket,

    /// <summary>The request asks for an unsupported protocol version, or for none.</summary>
    Version,

    /// <summary>The request is not valid in the protocol.</summary>
    Malformed,
}

/// <summary>Checks the client's side of the opening handshake: RFC 6455, 4.2.1, and over HTTP/2 RFC 8441, 5.</summary>
internal static class UpgradeRequest
{
    /// <summary>The only supported protocol version.</summary>
    public const string Version = "13";

    private const int KeyBytes = 16;
    private const int KeyChars = 24;

    public static UpgradeFault FaultOf(HttpContext context)
    {
        var request = context.Request;
        if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
            return connect.Protocol == "websocket" ? FaultOfVersion(request) : UpgradeFault.NoWebSocket;

        // HTTP/1.0 has no upgrades, so the header must be ignored there (RFC 9110, 7.8).
        var asks = HttpMethods.IsGet(request.Method) && HttpProtocol.IsHttp11(request.Protocol)
            && context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
            && request.Headers.GetCommaSeparatedValues("Upgrade").Contains("websocket", StringComparer.OrdinalIgnoreCase);
        if (!asks)
            return UpgradeFault.NoWebSocket;
        return FaultOfVersion(request) is var fault and not UpgradeFault.None ? fault
            : HasKey(request) ? UpgradeFault.None
            : UpgradeFault.Malformed;
    }

    private static UpgradeFault FaultOfVersion(HttpRequest request) => request.Headers.SecWebSocketVersion switch
    {
        { Count: 0 } => UpgradeFault.Version,
        [Version] => UpgradeFault.None,
        [{ } other] when byte.TryParse(other, NumberStyles.None, CultureInfo.InvariantCulture, out _) => UpgradeFault.Version,
        _ => UpgradeFault.Malformed,
    };

    private static bool HasKey(HttpRequest request)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        return request.Headers.SecWebSocketKey is [{ Length: KeyChars } text]
            && Convert.TryFromBase64String(text, key, out var length) && length == KeyBytes;
    }
}
