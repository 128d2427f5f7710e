using System.Net;
using System.Text.Json;
using Chatable.Bench.Load.Traffic;

namespace Chatable.Bench.Load.Holding;

/// <summary>A seat as a line of text: ["u1","127.0.0.1:8080","/api/ws","Authorization: Bearer …\r\n"]</summary>
internal static class SeatLine
{
    public static string Write(Seat seat) =>
        JsonSerializer.Serialize(new[] { seat.User, seat.Server.ToString(), seat.Path, seat.Headers });

    /// <exception cref="FormatException">It is none.</exception>
    public static Seat Read(string line) => JsonSerializer.Deserialize<string[]>(line) is [var user, var server, var path, var headers]
        ? new Seat(user, IPEndPoint.Parse(server), path, headers)
        : throw new FormatException("A line is not a seat.");
}
