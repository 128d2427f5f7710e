using System.Net;

namespace Chatable.Bench.Load.Traffic;

/// <summary>Where a user connects, and how he says who he is.</summary>
/// <param name="User">His name.</param>
/// <param name="Server">The replica.</param>
/// <param name="Path">With the query.</param>
/// <param name="Headers">Header lines, each with its line end.</param>
internal sealed record Seat(string User, IPEndPoint Server, string Path, string Headers = "");
