using DistBp.Learning;
using Google.Protobuf;

namespace DistBp.Cluster.Storage.Ledgers;

/// <summary>Reads a ledger record by record and checks each against the one before. It holds one record at a time, however long the file is.</summary>
internal sealed class LedgerReader : IDisposable
{
    private const int FileBufferBytes = 1 << 16;
    private readonly FileStream _file;

    // The seal before, then the frame.
    private byte[] _bytes = new byte[LedgerFrame.SealBytes + 512];

    private LedgerReader(FileStream file) => _file = file;

    /// <summary>Where the intact records read so far end.</summary>
    public long End { get; private set; } = LedgerFrame.SealBytes;

    /// <summary>Of the last record of a step read so far; -1 before the first.</summary>
    public long LastStep { get; private set; } = -1;

    /// <summary>Why <see cref="Read"/> gave null before the end of the file; null where it did not.</summary>
    public LedgerDamage? Damage { get; private set; }

    /// <exception cref="UserException">The file cannot be read.</exception>
    public static LedgerReader Open(string path)
    {
        try
        {
            var reader = new LedgerReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileBufferBytes));
            reader.ReadBeginning();
            return reader;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException(ErrorKind.Usage, $"cannot read the ledger: {e.Message}", path, "make it readable", e);
        }
    }

    /// <summary>The next record; null at the end of the file, and at the first record that is damaged.</summary>
    public LedgerRecord? Read()
    {
        if (Damage is not null) return null;
        Span<byte> length = _bytes.AsSpan(LedgerFrame.SealBytes, LedgerFrame.LengthBytes);
        int got = _file.ReadAtLeast(length, length.Length, throwOnEndOfStream: false);
        if (got == 0) return null;
        if (got < length.Length) return Refuse("the file ends in the middle of it");
        int count = LedgerFrame.ReadLength(length);
        if (count is < 0 or > LedgerFrame.MaxRecordBytes) return Refuse("a byte of it was changed: it has no such length");
        return ReadBody(count);
    }

    public void Dispose() => _file.Dispose();

    private void ReadBeginning()
    {
        Span<byte> beginning = _bytes.AsSpan(0, LedgerFrame.SealBytes);
        _file.ReadAtLeast(beginning, beginning.Length, throwOnEndOfStream: false);
        if (!beginning.SequenceEqual(LedgerFrame.Beginning)) Damage = new LedgerDamage(0, "the file does not begin as a ledger does", -1);
    }

    private LedgerRecord? ReadBody(int count)
    {
        int begin = LedgerFrame.SealBytes + LedgerFrame.LengthBytes, end = begin + count, needed = end + (2 * LedgerFrame.SealBytes);
        if (_bytes.Length < needed) Array.Resize(ref _bytes, needed);
        Span<byte> rest = _bytes.AsSpan(begin, count + LedgerFrame.SealBytes);
        if (_file.ReadAtLeast(rest, rest.Length, throwOnEndOfStream: false) < rest.Length) return Refuse("the file ends in the middle of it");

        Span<byte> seal = _bytes.AsSpan(end + LedgerFrame.SealBytes, LedgerFrame.SealBytes);
        LedgerFrame.Seal(_bytes.AsSpan(0, end), seal);
        if (!rest[count..].SequenceEqual(seal)) return Refuse("a byte of it was changed, or a record before it taken out");
        LedgerRecord record;
        try
        {
            record = LedgerRecord.Parser.ParseFrom(_bytes.AsSpan(begin, count));
        }
        catch (InvalidProtocolBufferException e)
        {
            return Refuse($"it is no record of a ledger: {e.Message}");
        }
        seal.CopyTo(_bytes);
        End += LedgerFrame.Bytes(count);
        LastStep = StepOf(record) ?? LastStep;
        return record;
    }

    /// <summary>Null for a record that is not of a step.</summary>
    private static long? StepOf(LedgerRecord record) => record.EntryCase switch
    {
        LedgerRecord.EntryOneofCase.Applied => record.Applied.Step,
        LedgerRecord.EntryOneofCase.LeftOut => record.LeftOut.Step,
        _ => null,
    };

    private LedgerRecord? Refuse(string why)
    {
        Damage = new LedgerDamage(End, why, LastStep);
        return null;
    }
}
