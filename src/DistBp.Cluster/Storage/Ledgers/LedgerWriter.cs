using DistBp.Learning;
using DistBp.Protocol;
using DistBp.Protocol.Messages;
using Google.Protobuf;

namespace DistBp.Cluster.Storage.Ledgers;

/// <summary>
/// ledger.bin: what was applied, one record a step. Records are collected in one buffer and leave after a second, when it is full, and before a
/// checkpoint is written: so a ledger never claims less than its checkpoint. A step allocates nothing. Safe to call from several threads.
/// While the disk refuses them, records wait in memory, up to <see cref="MaxHeldBytes"/>, and are tried again every second: no run ends because a
/// disk is full for a while.
/// </summary>
internal sealed class LedgerWriter : IDisposable
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>Some 250,000 steps.</summary>
    private const int MaxHeldBytes = 16 << 20;
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private readonly FileStream _file;
    private readonly LedgerIdentity _identity;
    private readonly TimeProvider _time;
    private readonly LedgerRecord _record = new();
    private readonly StepApplied _applied = new();
    private ReadOnlyMemory<Contribution> _contributions;

    /// <summary>Steps before this one were in the ledger when another process went on with it.</summary>
    private long _known = long.MinValue;

    /// <summary>All before this byte is on the disk; −1: that is not known.</summary>
    private long _flushedTo = -1;

    // The seal before the first frame, then frames.
    private byte[] _buffer = new byte[LedgerFrame.SealBytes + BufferBytes];
    private int _end = LedgerFrame.SealBytes;
    private long _writtenAt;
    private bool _isRefused;

    private LedgerWriter(FileStream file, LedgerIdentity identity, TimeProvider time)
    {
        (_file, _identity, _time, _writtenAt) = (file, identity, time, time.GetTimestamp());
    }

    /// <summary>Records of steps before this one are there from another process; null: none are known to be.</summary>
    public long? KnownBefore => _known == long.MinValue ? null : _known;

    /// <summary>What the user should know of the ledger that was there; "" for nothing.</summary>
    public string Warning { get; private init; } = "";

    /// <summary>Begins a ledger, or cuts the one that is there back to a step and goes on with it. A damaged one is set aside.</summary>
    /// <param name="step">The next step: 0, or a checkpoint's.</param>
    /// <exception cref="UserException">The file cannot be written.</exception>
    public static LedgerWriter Open(string path, LedgerIdentity identity, long step, TimeProvider time) =>
        Open(path, identity, step, () => (File.Exists(path) ? LedgerCut.Before(step, path) : null, step), time);

    /// <summary>Goes on with the ledger of another process: nothing that is intact is cut off. What it has already is passed over when it comes again.</summary>
    /// <param name="least">A checkpoint is of this step: the ledger reaches it, or is damaged.</param>
    /// <exception cref="UserException">The file cannot be written.</exception>
    public static LedgerWriter GoOn(string path, LedgerIdentity identity, long least, TimeProvider time)
    {
        (LedgerCut Cut, long Next)? known = null;
        LedgerWriter ledger = Open(
            path, identity, least, () =>
            {
                known = File.Exists(path) ? LedgerCut.Intact(least, path) : null;
                return known is { } k ? (k.Cut, Math.Max(k.Next, least)) : (null, least);
            },
            time);
        if (known is { Cut.Reaches: true } kept) ledger._known = kept.Next;
        return ledger;
    }

    /// <summary>A step was committed.</summary>
    /// <param name="epoch">From 1.</param>
    /// <param name="version">That it committed.</param>
    /// <param name="contributions">Unchanged once given: the same memory may come again.</param>
    /// <returns>False: the ledger has it already.</returns>
    public bool Applied(long step, int epoch, long version, Generation generation, ReadOnlyMemory<Contribution> contributions)
    {
        lock (_gate)
        {
            if (step < _known) return false;
            (_applied.Step, _applied.Epoch, _applied.Version) = (step, epoch, version);
            (_applied.Term, _applied.Generation) = (generation.Term, generation.Number);
            if (!contributions.Equals(_contributions)) Copy(contributions);
            _record.Applied = _applied;
            Append(_record);
            return true;
        }
    }

    /// <summary>A step's loss or gradient was not finite.</summary>
    /// <param name="endedRun">False where the job bears it.</param>
    /// <returns>False: the ledger has it already.</returns>
    public bool LeftOut(long step, int epoch, Generation generation, bool endedRun)
    {
        lock (_gate)
        {
            if (step < _known) return false;
            _record.LeftOut = new StepLeftOut
            {
                Step = step, Epoch = epoch, Term = generation.Term, Generation = generation.Number, EndedRun = endedRun,
            };
            Append(_record);
            return true;
        }
    }

    /// <summary>The run goes back to a checkpoint of itself: what was applied since is void.</summary>
    public void GoBack(long step)
    {
        lock (_gate)
        {
            TryWriteOut();
            // What the disk has not taken is later than any checkpoint: void as well.
            (_end, _known) = (LedgerFrame.SealBytes, long.MinValue);
            Begin(step, LedgerCut.Before(step, _file.Name));
            TryWriteOut();
        }
    }

    /// <summary>When this returns all records are on the disk. Others may go on writing meanwhile.</summary>
    /// <exception cref="UserException">The disk is full.</exception>
    public void Flush()
    {
        long end;
        lock (_gate)
        {
            WriteOut();
            end = _file.Position;
            // At a stop point it is asked for more than once, and nothing may have come meanwhile.
            if (end == _flushedTo) return;
        }
        try
        {
            RandomAccess.FlushToDisk(_file.SafeFileHandle);
            lock (_gate) _flushedTo = end;
        }
        catch (IOException e)
        {
            throw StorageFailure.CannotWrite("the ledger", _file.Name, 0, e);
        }
    }

    /// <summary>The run has ended: all records are in the file.</summary>
    /// <exception cref="UserException">The disk is full.</exception>
    public void RequireWritten()
    {
        lock (_gate) WriteOut();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            TryWriteOut();
            _file.Dispose();
        }
    }

    /// <param name="read">Where the ledger that is there is to be cut, null without one, and the next step.</param>
    private static LedgerWriter Open(string path, LedgerIdentity identity, long least, Func<(LedgerCut? Cut, long Next)> read, TimeProvider time)
    {
        try
        {
            (LedgerCut? cut, long next) = read();
            string aside = path + ".damaged";
            bool isDamaged = cut is { Reaches: false };
            if (isDamaged) File.Move(path, aside, overwrite: true);
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
            var ledger = new LedgerWriter(file, identity, time)
            {
                Warning = isDamaged
                    ? $"the ledger is damaged before step {least}: it is kept as {aside}, and distbp audit can prove nothing of the steps before" : "",
            };
            ledger.Begin(isDamaged ? least : next, isDamaged ? null : cut);
            ledger.WriteOut();
            DurableFolder.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);
            return ledger;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFailure.CannotWrite("the ledger", path, 0, e);
        }
    }

    private void Begin(long step, LedgerCut? cut)
    {
        _flushedTo = -1;
        if (cut is { } at)
        {
            _file.SetLength(at.End);
            _file.Position = at.End - LedgerFrame.SealBytes;
            _file.ReadExactly(_buffer, 0, LedgerFrame.SealBytes);
        }
        else
        {
            LedgerFrame.Beginning.CopyTo(_buffer);
            _file.Write(LedgerFrame.Beginning);
        }
        _record.Begun = new PieceBegun
        {
            Step = step, Seed = _identity.Seed, Samples = _identity.Geometry.SampleCount, Batch = _identity.Geometry.Batch,
            Slices = _identity.Geometry.Slices, JobHash = _identity.JobHash, UnixMilliseconds = _time.GetUtcNow().ToUnixTimeMilliseconds(),
            StepsCut = cut?.Steps ?? 0,
        };
        Append(_record);
    }

    private void Copy(ReadOnlyMemory<Contribution> contributions)
    {
        _contributions = contributions;
        _applied.Contributions.Clear();
        foreach (Contribution contribution in contributions.Span)
        {
            _applied.Contributions.Add(new LedgerContribution
            {
                FirstSlice = contribution.Subtree.First, SliceCount = contribution.Subtree.Count, Worker = contribution.Worker,
                Staleness = contribution.Staleness,
            });
        }
    }

    private void Append(LedgerRecord record)
    {
        int bytes = record.CalculateSize(), frame = LedgerFrame.Bytes(bytes);
        if (_end + frame > _buffer.Length && !_isRefused) TryWriteOut();
        if (_end + frame > MaxHeldBytes) WriteOut();
        if (_end + frame > _buffer.Length) Array.Resize(ref _buffer, Math.Max(_end + frame, Math.Min(2 * _buffer.Length, MaxHeldBytes)));
        Span<byte> space = _buffer.AsSpan(_end, frame);
        LedgerFrame.WriteLength(space, bytes);
        record.WriteTo(space.Slice(LedgerFrame.LengthBytes, bytes));
        int sealedBytes = LedgerFrame.SealBytes + LedgerFrame.LengthBytes + bytes;
        LedgerFrame.Seal(_buffer.AsSpan(_end - LedgerFrame.SealBytes, sealedBytes), space[^LedgerFrame.SealBytes..]);
        _end += frame;
        if (_time.GetElapsedTime(_writtenAt) >= MaxDelay) TryWriteOut();
    }

    /// <exception cref="UserException">The disk is full: the records wait.</exception>
    private void WriteOut()
    {
        if (TryWriteOut() is { } refusal) throw StorageFailure.CannotWrite("the ledger", _file.Name, _end, refusal);
    }

    /// <returns>Why the disk has refused it; null where it has not.</returns>
    private Exception? TryWriteOut()
    {
        _writtenAt = _time.GetTimestamp();
        if (_end == LedgerFrame.SealBytes) return null;
        long begin = _file.Position;
        try
        {
            _file.Write(_buffer.AsSpan(LedgerFrame.SealBytes, _end - LedgerFrame.SealBytes));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _isRefused = true;
            TornLine.Undo(_file, begin);
            return e;
        }
        _isRefused = false;
        _buffer.AsSpan(_end - LedgerFrame.SealBytes, LedgerFrame.SealBytes).CopyTo(_buffer);
        _end = LedgerFrame.SealBytes;
        return null;
    }
}
