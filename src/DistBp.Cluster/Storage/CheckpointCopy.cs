using System.Security.Cryptography;

namespace DistBp.Cluster.Storage;

/// <summary>Copies a finished checkpoint into another folder, each file flushed to the disk, the manifest last, in pieces of <see cref="PieceBytes"/>.</summary>
internal static class CheckpointCopy
{
    public const int PieceBytes = 256 * 1024;

    /// <param name="copied">Told of each piece with its bytes; what it throws ends the copy.</param>
    /// <exception cref="IOException">A disk failed, or what is copied does not match its SHA-256.</exception>
    public static void Write(string from, string to, Action<int> copied)
    {
        (CheckpointManifest? manifest, string why) = CheckpointManifestReader.Read(Path.Combine(from, CheckpointManifest.FileName));
        if (manifest is null) throw new IOException($"{from}: {why}");
        Directory.CreateDirectory(to);
        byte[] piece = new byte[PieceBytes];
        foreach (CheckpointFile file in manifest.Files)
        {
            FileDigest digest = Copy(Path.Combine(from, file.Name), Path.Combine(to, file.Name), piece, copied);
            if (digest != file.Digest) throw new IOException($"{file.Name} of {from} does not match its SHA-256");
        }
        byte[] bytes = CheckpointManifestWriter.Serialize(manifest);
        DurableFile.Create(Path.Combine(to, CheckpointManifest.FileName), stream =>
        {
            stream.Write(bytes);
            return bytes.Length;
        });
        DurableFolder.Flush(to);
    }

    private static FileDigest Copy(string from, string to, byte[] piece, Action<int> copied)
    {
        using FileStream source = new(from, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1, FileOptions.SequentialScan);
        return DurableFile.Create(to, stream =>
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            long bytes = 0;
            for (int read = source.Read(piece); read > 0; read = source.Read(piece))
            {
                stream.Write(piece, 0, read);
                hash.AppendData(piece, 0, read);
                bytes += read;
                copied(read);
            }
            return new FileDigest(bytes, Convert.ToHexStringLower(hash.GetHashAndReset()));
        });
    }
}
