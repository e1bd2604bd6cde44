using System.Buffers;
using System.Text.Json;
using DistBp.Learning;

namespace DistBp.Cluster.Storage;

/// <summary>
/// events.jsonl: one JSON object a line, {"event": …, "time": RFC 3339 in UTC, …}, times with the clock that is given. Lines are collected in
/// one reused buffer (nothing is allocated for an event) and leave at an epoch, a checkpoint, a warning, the end, after a
/// second, or when 64 KiB have come together; to standard output each line leaves at once. Safe to call from several threads.
/// While a disk refuses lines they wait in memory, and are tried again: no run ends because a disk is full for a while.
/// </summary>
public sealed class EventLog : IDisposable
{
    private const int MaxBufferedBytes = 64 * 1024;

    /// <summary>What waits for a disk that refuses it; more is lost, and counted.</summary>
    private const int MaxHeldBytes = 4 << 20;
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private readonly ArrayBufferWriter<byte> _lines = new(MaxBufferedBytes + 4096);
    private readonly Utf8JsonWriter _json;
    private readonly Stream _stream;
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly bool _immediate;
    private long _flushedAt;
    private bool _isRefused;
    private long _lostBytes;

    internal EventLog(Stream stream, string path, TimeProvider time, bool immediate)
    {
        _stream = stream;
        _path = path;
        _time = time;
        _immediate = immediate;
        _json = new Utf8JsonWriter(_lines);
        _flushedAt = time.GetTimestamp();
    }

    /// <summary>Appends to a file; a last line that a crash has torn is cut off first.</summary>
    /// <param name="path">A file, or "-" for standard output.</param>
    /// <exception cref="UserException">The file cannot be written.</exception>
    public static EventLog Open(string path, TimeProvider time)
    {
        if (path == "-") return new EventLog(Console.OpenStandardOutput(), "standard output", time, immediate: true);
        try
        {
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 1);
            // A pipe or a terminal has no earlier lines.
            if (file.CanSeek)
            {
                TornLine.CutOff(file);
                Probe(file);
            }
            return new EventLog(file, path, time, immediate: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFailure.CannotWrite("events", path, 0, e);
        }
    }

    public void Step(in StepEvent e) => Write("step", in e, flush: false, static (json, e) =>
    {
        json.WriteNumber("step"u8, e.Step);
        json.WriteNumber("epoch"u8, e.Epoch);
        json.WriteDouble("loss"u8, e.Loss);
        json.WriteDouble("learningRate"u8, e.LearningRate);
        json.WriteDouble("gradientNorm"u8, e.GradientNorm);
        json.WriteDouble("samplesPerSecond"u8, e.SamplesPerSecond);
    });

    public void Epoch(in EpochEvent e) => Write("epoch", in e, flush: true, static (json, e) =>
    {
        json.WriteNumber("epoch"u8, e.Epoch);
        json.WriteNumber("step"u8, e.Step);
        json.WriteDouble("trainLoss"u8, e.TrainLoss);
        json.WriteDouble("trainAccuracy"u8, e.TrainAccuracy);
        json.WriteDouble("validationLoss"u8, e.ValidationLoss);
        json.WriteDouble("validationAccuracy"u8, e.ValidationAccuracy);
        json.WriteDouble("learningRate"u8, e.LearningRate);
        json.WriteDouble("gradientNorm"u8, e.GradientNorm);
        json.WriteDouble("samplesPerSecond"u8, e.SamplesPerSecond);
        json.WriteDouble("seconds"u8, e.Seconds);
        if (e.Note.Length > 0) json.WriteString("note"u8, e.Note);
        if (e.Staleness is not { } staleness) return;
        json.WriteNumber("maxStaleness"u8, staleness.Maximum);
        json.WriteDouble("meanStaleness"u8, staleness.Mean);
    });

    public void CheckpointSaved(long step, string folder, double seconds) =>
        Write("checkpoint", (step, folder, seconds), flush: true, static (json, e) =>
        {
            json.WriteNumber("step"u8, e.step);
            json.WriteString("folder"u8, e.folder);
            json.WriteDouble("seconds"u8, e.seconds);
        });

    /// <summary>A step was left unapplied: a warning with its figures.</summary>
    public void Skipped(long step, int epoch, string message, long skipped) =>
        Write("skipped", (step, epoch, message, skipped), flush: true, static (json, e) =>
        {
            json.WriteNumber("step"u8, e.step);
            json.WriteNumber("epoch"u8, e.epoch);
            json.WriteString("message"u8, e.message);
            json.WriteNumber("skipped"u8, e.skipped);
        });

    public void Member(string node, string change, string reason, int nodes, int workers, int servers) =>
        Write("member", (node, change, reason, nodes, workers, servers), flush: true, static (json, e) =>
        {
            json.WriteString("node"u8, e.node);
            json.WriteString("change"u8, e.change);
            if (e.reason.Length > 0) json.WriteString("reason"u8, e.reason);
            json.WriteNumber("nodes"u8, e.nodes);
            json.WriteNumber("workers"u8, e.workers);
            json.WriteNumber("servers"u8, e.servers);
        });

    public void Copies(int filling) =>
        Write("copies", filling, flush: true, static (json, filling) => json.WriteNumber("filling"u8, filling));

    public void Warning(string message) =>
        Write("warning", message, flush: true, static (json, message) => json.WriteString("message"u8, message));

    /// <param name="status">As in result.json, or "failed".</param>
    public void End(string status, long step, string? weightsSha256) =>
        Write("end", (status, step, weightsSha256), flush: true, static (json, e) =>
        {
            json.WriteString("status"u8, e.status);
            json.WriteNumber("step"u8, e.step);
            if (e.weightsSha256 is not null) json.WriteString("weightsSha256"u8, e.weightsSha256);
        });

    /// <summary>Any other event.</summary>
    /// <param name="fields">Writes the fields after "event" and "time"; a static lambda allocates nothing.</param>
    /// <exception cref="UserException">It cannot be written to at all.</exception>
    public void Write<T>(string name, in T state, bool flush, Action<Utf8JsonWriter, T> fields)
    {
        lock (_gate)
        {
            _json.WriteStartObject();
            _json.WriteString("event"u8, name);
            _json.WriteString("time"u8, _time.GetUtcNow().UtcDateTime);
            fields(_json, state);
            _json.WriteEndObject();
            _json.Flush();
            _json.Reset();
            _lines.Write("\n"u8);
            if (flush || _immediate || (_lines.WrittenCount >= MaxBufferedBytes && !_isRefused) || _time.GetElapsedTime(_flushedAt) >= MaxDelay) FlushLines();
        }
    }

    public void Flush()
    {
        lock (_gate) FlushLines();
    }

    /// <summary>The run has ended: all lines are in the file.</summary>
    /// <exception cref="UserException">The disk is full.</exception>
    public void RequireWritten()
    {
        lock (_gate)
        {
            if (FlushLines() is { } refusal) throw StorageFailure.CannotWrite("events", _path, _lines.WrittenCount, refusal);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            FlushLines();
            _json.Dispose();
            _stream.Dispose();
        }
    }

    /// <summary>A disk that is full at the start is told at once.</summary>
    private static void Probe(FileStream file)
    {
        long end = file.Position;
        file.Write("\n"u8);
        // A device takes it without getting longer.
        if (file.Length > end) file.SetLength(end);
        file.Position = end;
    }

    /// <returns>Why the disk has refused it; null where it has not.</returns>
    private Exception? FlushLines()
    {
        _flushedAt = _time.GetTimestamp();
        if (_lines.WrittenCount == 0) return null;
        long begin = _stream.CanSeek ? _stream.Position : 0;
        try
        {
            _stream.Write(_lines.WrittenSpan);
            _stream.Flush();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Hold(begin, e);
            return e;
        }
        _isRefused = false;
        _lines.ResetWrittenCount();
        if (_lostBytes > 0)
        {
            long lost = _lostBytes;
            _lostBytes = 0;
            Warning($"{lost:N0} bytes of events are lost: the disk has refused them for too long");
        }
        return null;
    }

    /// <summary>Whoever reads a pipe is gone for good: then what was not taken is dropped, so that <see cref="Dispose"/> has nothing to fail on.</summary>
    private void Hold(long begin, Exception refusal)
    {
        int bytes = _lines.WrittenCount;
        if (!_stream.CanSeek)
        {
            _lines.ResetWrittenCount();
            throw StorageFailure.CannotWrite("events", _path, bytes, refusal);
        }
        _isRefused = true;
        TornLine.Undo(_stream, begin);
        if (bytes < MaxHeldBytes) return;
        _lostBytes += bytes;
        _lines.ResetWrittenCount();
    }
}
