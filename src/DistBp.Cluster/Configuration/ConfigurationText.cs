using System.Text;
using DistBp.Learning;

namespace DistBp.Cluster.Configuration;

/// <summary>The text of a configuration file.</summary>
internal static class ConfigurationText
{
    private const int MaxBytes = 1 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="UserException">The file cannot be read, or is not text.</exception>
    public static string Read(string path)
    {
        try
        {
            if (Directory.Exists(path)) throw Wrong("this is a folder, not a file", path, "name the file in it");
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read);
            var bytes = new byte[MaxBytes + 1];
            int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > MaxBytes) throw Wrong($"the file is larger than {MaxBytes} bytes", path, "is this the right file?");
            return StrictUtf8.GetString(bytes, 0, length).TrimStart('\ufeff');
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Wrong("there is no such file", path, "check the path", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Wrong($"the file cannot be read: {error.Message}", path, "check its permissions", error);
        }
        catch (DecoderFallbackException error)
        {
            throw Wrong("the file is not text in UTF-8", path, "is this the right file?", error);
        }
    }

    private static UserException Wrong(string what, string path, string remedy, Exception? cause = null) =>
        new(ErrorKind.Usage, what, path, remedy, cause);
}
