using Chatable.ApiService.Conversations;
using Chatable.Messaging.Conversations;
using CsCheck;

namespace Chatable.Tests.Unit;

public sealed class InboxCursorTests
{
    private static readonly Gen<InboxPlace> s_places = Gen.Select(
        Gen.Long[0, 253402300799_000_000 - 1], Gen.Long[1, long.MaxValue],
        (microseconds, id) => new InboxPlace(DateTime.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond), id));

    [Fact]
    public void EveryPlaceComesBackFromItsText() => s_places.Sample(place =>
        InboxCursor.TryParse(InboxCursor.ToText(place), out var read) && read == place
        && read.Value.LastActivityAt.Kind == DateTimeKind.Utc);

    [Fact]
    public void AnyTextIsNoneOrTheTextOfItsPlace() => Gen.OneOf(
        Gen.String[Gen.Char["ABCDEFwxyz0189-_=+/ "], 0, 30],
        s_places.Select(Gen.Int[0, 22], Gen.Char, (place, at, with) =>
            InboxCursor.ToText(place).Remove(at, 1).Insert(at, $"{with}")))
        .Sample(text => !InboxCursor.TryParse(text, out var place) || InboxCursor.ToText(place.Value) == text);
}
