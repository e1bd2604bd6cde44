using System.IO.Compression;
using System.Text;

namespace DistBp.Learning.Data;

/// <summary>Opens data files; one that starts as gzip does is decompressed on the way, whatever its name.</summary>
internal static class DataFile
{
    /// <summary>The most that deflate can shrink: no declared size above this many times the file's length is true.</summary>
    private const long MostCompression = 1032;

    private const int BufferBytes = 1 << 16;

    /// <summary>A path of a job file, which is relative to the job file's folder.</summary>
    public static string Resolve(string path, string baseFolder) => Path.Combine(baseFolder, path);

    /// <param name="mostBytes">No content that this file holds can be longer.</param>
    /// <exception cref="UserException">Missing, a folder, or not readable.</exception>
    public static Stream Open(string path, out long mostBytes)
    {
        FileStream file = OpenFile(path);
        Span<byte> magic = stackalloc byte[2];
        bool compressed = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false) == 2 && magic is [0x1F, 0x8B];
        file.Position = 0;
        mostBytes = compressed ? file.Length * MostCompression : file.Length;
        return compressed ? new BufferedStream(new GZipStream(file, CompressionMode.Decompress), BufferBytes) : file;
    }

    /// <summary>The first bytes of the content (decompressed), fewer where the file is shorter.</summary>
    public static byte[] Start(string path, int count = 16)
    {
        using Stream stream = Open(path, out _);
        var bytes = new byte[count];
        return bytes[..ReadFully(stream, bytes, path)];
    }

    /// <summary>As many bytes as there are, up to the buffer's length.</summary>
    /// <exception cref="UserException">The compressed data are damaged.</exception>
    public static int ReadFully(Stream stream, Span<byte> buffer, string path)
    {
        try
        {
            return stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException cause)
        {
            throw Damaged(path, cause);
        }
    }

    public static UserException Damaged(string path, Exception cause) =>
        new(ErrorKind.Data, "The gzip data are damaged.", path, "copy or download the file again", cause);

    /// <summary>"looks like a PNG image", from the first bytes of a content that is not what was expected.</summary>
    public static string LooksLike(ReadOnlySpan<byte> start)
    {
        string hex = start.IsEmpty ? "it is empty" : $"its first bytes are {Convert.ToHexString(start[..Math.Min(8, start.Length)])}";
        string? kind = start switch
        {
            [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', ..] => "an npy file: set data.format: npy",
            [0, 0, >= 0x08 and <= 0x0E, >= 1 and <= 8, ..] => "an idx file: set data.format: idx",
            [0x1F, 0x8B, ..] => "gzip inside gzip: decompress it once",
            [0x89, (byte)'P', (byte)'N', (byte)'G', ..] => "a PNG image",
            [0xFF, 0xD8, 0xFF, ..] => "a JPEG image",
            [(byte)'P', (byte)'K', 3, 4, ..] => "a zip archive, an npz or an Excel workbook: extract or export it",
            [(byte)'P', (byte)'A', (byte)'R', (byte)'1', ..] => "a Parquet file: export it to CSV or npy",
            [(byte)'B', (byte)'Z', (byte)'h', ..] => "bzip2: decompress it",
            [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', ..] => "xz: decompress it",
            [(byte)'<', ..] => "a web page",
            _ when !start.IsEmpty && start.IndexOfAnyExceptInRange((byte)9, (byte)126) < 0 => "text: set data.format: csv",
            _ => null,
        };
        return kind is null ? hex : $"{hex}, which looks like {kind}";
    }

    private static FileStream OpenFile(string path)
    {
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.SequentialScan);
            if (file.CanSeek) return file;
            file.Dispose();
            throw new UserException(ErrorKind.Data, "This is a pipe or a device, and data are read more than once.", path,
                "write them to a file first");
        }
        catch (Exception cause) when (cause is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UserException(ErrorKind.Data, "There is no such file.", path, MissingRemedy(path), cause);
        }
        catch (Exception cause) when (cause is UnauthorizedAccessException or IOException or ArgumentException)
        {
            bool folder = Directory.Exists(path);
            throw new UserException(ErrorKind.Data, folder ? "This is a folder, not a file." : $"The file cannot be read: {cause.Message}",
                path,
                folder ? "name a file in it" : "check the path and its permissions", cause);
        }
    }

    private static string MissingRemedy(string path)
    {
        if (path.Contains("fashion-mnist", StringComparison.OrdinalIgnoreCase))
        {
            return "on Debian and Ubuntu `apt-get install dataset-fashion-mnist` puts it into /usr/share/datasets/fashion-mnist; "
                + "elsewhere download it and give the path with --set data.train.x=FILE (and train.y, test.x, test.y)";
        }
        if (path == "-") return "standard input cannot be read twice: write the data to a file first";
        if (path.Contains("/~/", StringComparison.Ordinal)) return "write the whole path: ~ stands for the home folder in a shell only";
        var remedy = new StringBuilder("check the path");
        string? folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (folder is null || !Directory.Exists(folder)) return remedy.Append($": the folder {folder} does not exist either").ToString();
        IEnumerable<string> neighbours = Directory.EnumerateFiles(folder).Take(1000).Select(f => Path.GetFileName(f)!);
        string suggestion = NearestName.Suggestion(Path.GetFileName(path), neighbours);
        if (suggestion.Length > 0) remedy.Append(": ").Append(suggestion.TrimEnd());
        return remedy.Append(" (paths are relative to the job file's folder)").ToString();
    }
}
