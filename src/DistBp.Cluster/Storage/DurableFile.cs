namespace DistBp.Cluster.Storage;

/// <summary>Files that are either there as a whole or not at all, also after a crash or a power cut.</summary>
internal static class DurableFile
{
    private const string TemporarySuffix = ".writing";

    /// <summary>Creates a file and flushes it to the disk.</summary>
    public static T Create<T>(string path, Func<Stream, T> write)
    {
        using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.Read);
        T result = write(file);
        file.Flush(flushToDisk: true);
        return result;
    }

    /// <summary>Replaces a file by one with this content.</summary>
    public static void Replace(string path, byte[] content) => Replace(path, stream =>
    {
        stream.Write(content);
        return content.Length;
    });

    /// <summary>The same content in a file of its own: who has the file open keeps the one before.</summary>
    public static void Renew(string path) => Replace(path, stream =>
    {
        // Another process may be writing to it.
        using FileStream before = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        before.CopyTo(stream);
        return stream.Length;
    });

    /// <summary>Replaces a file: written beside under a temporary name, flushed to the disk, renamed.</summary>
    public static T Replace<T>(string path, Func<Stream, T> write)
    {
        string temporary = path + TemporarySuffix;
        T result;
        try
        {
            result = Create(temporary, write);
        }
        catch
        {
            // What failed is told by the exception; half a file is of no use to anyone, least of all on a full disk.
            File.Delete(temporary);
            throw;
        }
        File.Move(temporary, path, overwrite: true);
        DurableFolder.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);
        return result;
    }
}
