using Chatable.Client;

namespace Chatable.Tests.Unit.Client;

/// <summary>
/// A real file that records its changes, to reproduce every content that a disk may hold after a crash of the machine. It can also be told
/// to fail.
/// </summary>
internal sealed class RecordedFile(string path) : FileStream(path, FileChatStore.OpenOptions())
{
    private readonly List<Step> _steps = [];

    public enum Kind
    {
        Write,
        Cut,
        Flush,
    }

    /// <summary>One change: bytes at a position, a new length, or a flush.</summary>
    public sealed record Step(Kind Kind, long At, byte[] Bytes);

    public IReadOnlyList<Step> Steps => _steps;

    /// <summary>
    /// Called before each step, with the number of bytes. If it returns true, the step fails: a write half done, others without effect.
    /// </summary>
    public Func<Kind, int, bool> Fails { get; set; } = (_, _) => false;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (Fails(Kind.Write, buffer.Length))
        {
            base.Write(buffer[..(buffer.Length / 2)]);
            throw new IOException("No space left on device");
        }

        _steps.Add(new Step(Kind.Write, Position, buffer.ToArray()));
        base.Write(buffer);
    }

    public override void SetLength(long value)
    {
        if (Fails(Kind.Cut, 0))
            throw new IOException("Input/output error");
        _steps.Add(new Step(Kind.Cut, value, []));
        base.SetLength(value);
    }

    public override void Flush(bool flushToDisk)
    {
        if (flushToDisk && Fails(Kind.Flush, 0))
            throw new IOException("Input/output error");
        base.Flush(flushToDisk);
        if (flushToDisk)
            _steps.Add(new Step(Kind.Flush, 0, []));
    }

    /// <summary>What the disk may hold if the machine crashes after this many steps. The last one may be half done.</summary>
    public IEnumerable<byte[]> ContentsAfter(int steps)
    {
        var flushed = _steps[..steps].FindLastIndex(step => step.Kind == Kind.Flush) + 1;
        byte[] durable = [];
        foreach (var step in _steps.Take(flushed))
            durable = Apply(durable, step, step.Bytes.Length);

        var pending = _steps.GetRange(flushed, steps - flushed);
        // Everything up to any byte of any step, and all steps without any one of them: disks write in any order.
        for (var last = 0; last < pending.Count; last++)
        {
            for (var bytes = 0; bytes <= pending[last].Bytes.Length; bytes++)
                yield return Apply(All(durable, pending.Take(last)), pending[last], bytes);
        }

        for (var lost = 0; lost < pending.Count; lost++)
            yield return All(durable, pending.Where((_, index) => index != lost));
        yield return durable;
    }

    private static byte[] All(byte[] content, IEnumerable<Step> steps) =>
        steps.Aggregate(content, (now, step) => Apply(now, step, step.Bytes.Length));

    private static byte[] Apply(byte[] content, Step step, int bytes)
    {
        if (step.Kind == Kind.Flush)
            return content;
        var length = step.Kind == Kind.Cut ? (int)step.At : Math.Max(content.Length, (int)step.At + bytes);
        var changed = new byte[length];
        content.AsSpan(0, Math.Min(length, content.Length)).CopyTo(changed);
        step.Bytes.AsSpan(0, bytes).CopyTo(changed.AsSpan((int)Math.Min(step.At, length)));
        return changed;
    }
}
