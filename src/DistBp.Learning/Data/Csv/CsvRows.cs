using System.Text.Unicode;
using CsvHelper;

namespace DistBp.Learning.Data.Csv;

/// <summary>
/// The rows of a CSV file as a stream. Fields are separated by commas, or by tabs or semicolons where the first line has no comma; UTF-8;
/// quotes as in RFC 4180; blank lines are skipped; a row has at most 16 MiB.
/// </summary>
internal sealed class CsvRows : IDisposable
{
    private const int MostRowBytes = 1 << 24;
    private readonly CsvReader _reader;

    private CsvRows(string path, CsvReader reader) => (Path, _reader) = (path, reader);

    public string Path { get; }

    /// <summary>The first row.</summary>
    public string[] First { get; private set; } = [];

    /// <summary>The second row; null where there is none.</summary>
    public string[]? Second { get; private set; }

    /// <summary>The line of the first row, from 1.</summary>
    public int FirstLine { get; private set; }

    /// <summary>Fields of the current row.</summary>
    public int Count => _reader.FieldCount;

    /// <summary>The line on which the current row starts, from 1.</summary>
    public int Line => (int)_reader.LineNumber;

    /// <summary>UTF-8, without quotes; valid until the next row.</summary>
    public ReadOnlySpan<byte> this[int field] => _reader.GetSpan(field);

    /// <exception cref="UserException">Missing, empty, or no text.</exception>
    public static CsvRows Open(string path)
    {
        byte[] start = DataFile.Start(path, 4096);
        bool isUtf16 = start is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..];
        if ((start.AsSpan().Contains((byte)0) && !isUtf16) || start is [0x1F, 0x8B, ..] or [(byte)'P', (byte)'K', 3, 4, ..])
            throw new UserException(ErrorKind.Data, $"This is not a CSV file: {DataFile.LooksLike(start)}.", path,
                "give a CSV file, or set data.format");
        var options = new CsvReaderOptions
        {
            Separator = Separator(start),
            HasHeader = false,
            MalformedData = CsvMalformedDataHandling.Throw,
            MaxRecordSize = MostRowBytes,
            TrackLineNumbers = true,
        };
        using var peek = new CsvRows(path, CsvReader.Create(DataFile.Open(path, out _), options, leaveOpen: false));
        if (!peek.Read()) throw new UserException(ErrorKind.Data, "The file is empty.", path, "give a CSV file with a row a sample");
        (string[] first, int firstLine) = (peek.Texts(), peek.Line);
        string[]? second = peek.Read() ? peek.Texts() : null;
        return new CsvRows(path, CsvReader.Create(DataFile.Open(path, out _), options, leaveOpen: false))
        {
            First = first,
            FirstLine = firstLine,
            Second = second,
        };
    }

    /// <summary>Leaves out the first row.</summary>
    public void SkipHeader() => Read();

    public bool Read()
    {
        try
        {
            return _reader.Read();
        }
        catch (CsvFormatException cause)
        {
            throw new UserException(ErrorKind.Data, "The quotes of this row are wrong: one is not closed, or stands within a field.",
                $"{Path}:{cause.LineNumber}", "a field with commas or quotes is written \"he said \"\"hello\"\"\"", cause);
        }
        catch (InvalidDataException cause)
        {
            throw DataFile.Damaged(Path, cause);
        }
    }

    /// <summary>A field as text, without space around.</summary>
    /// <exception cref="UserException">It is not UTF-8.</exception>
    public string Text(int field)
    {
        if (Utf8.IsValid(this[field])) return _reader.GetString(field).Trim();
        throw new UserException(ErrorKind.Data, "The file is not UTF-8 text.", $"{Path}:{Line}", "save it as UTF-8");
    }

    public void Dispose() => _reader.Dispose();

    private string[] Texts() => [.. Enumerable.Range(0, Count).Select(Text)];

    private static char Separator(ReadOnlySpan<byte> start)
    {
        int end = start.IndexOfAny((byte)'\r', (byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? start : start[..end];
        if (line.Contains((byte)',')) return ',';
        return line.Contains((byte)'\t') ? '\t' : line.Contains((byte)';') ? ';' : ',';
    }
}
