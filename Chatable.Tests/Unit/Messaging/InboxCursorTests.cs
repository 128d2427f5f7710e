using Chatable.Messaging.Conversations;
using CsCheck;

namespace Chatable.Tests.Unit.Messaging;

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
    public void EveryStepOfAWalkComesBackFromItsText() => Gen.OneOf<InboxWalk>(
        Gen.Select(s_places, Gen.Long[0, long.MaxValue].Nullable(), (place, began) => (InboxWalk)new InboxWalk.Older(place, began)),
        Gen.Select(
            Gen.Long[0, 1L << 40], Gen.Long[1L << 40, long.MaxValue], (after, until) => (InboxWalk)new InboxWalk.Moved(after, until)))
        .Sample(walk => InboxWalk.TryParse(walk.ToText(), out var read) && read == walk);

    [Fact]
    public void AnyTextIsNoStepOrTheTextOfIts() => Gen.OneOf(
        Gen.String[Gen.Char["ABCDEFwxyz0189-_=+/ "], 0, 40],
        s_places.Select(Gen.Int[0, 33], Gen.Char, (place, at, with) =>
            new InboxWalk.Older(place, 7).ToText().Remove(at, 1).Insert(at, $"{with}")))
        .Sample(text => !InboxWalk.TryParse(text, out var walk) || walk.ToText() == text);

    [Fact]
    public void AnyTextIsNoneOrTheTextOfItsPlace() => Gen.OneOf(
        Gen.String[Gen.Char["ABCDEFwxyz0189-_=+/ "], 0, 30],
        s_places.Select(Gen.Int[0, 22], Gen.Char, (place, at, with) =>
            InboxCursor.ToText(place).Remove(at, 1).Insert(at, $"{with}")))
        .Sample(text => !InboxCursor.TryParse(text, out var place) || InboxCursor.ToText(place.Value) == text);
}
