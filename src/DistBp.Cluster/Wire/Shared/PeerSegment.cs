using System.IO.MemoryMappedFiles;
using System.Security.Cryptography;
using DistBp.Cluster.Wire.Members;
using DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Wire.Shared;

/// <summary>A peer's <see cref="SharedSegment"/>, read from this process. The file is the peer's: it is never removed here.</summary>
internal sealed class PeerSegment
{
    private readonly SharedMapping _mapping;

    private PeerSegment(SharedMapping mapping) => _mapping = mapping;

    /// <summary>Whether both sides really share this memory: the same boot of the same machine, a file that can be read, and in it the peer's nonce.</summary>
    /// <param name="reason">Why not.</param>
    /// <param name="isRing">A ring of messages: into its head the reader writes.</param>
    public static PeerSegment? TryOpen(SharedOffer offer, out string reason, bool isRing = false)
    {
        reason = "";
        if (SegmentFile.BootId is not { } boot || boot != offer.Boot) reason = "it is another machine";
        else if (!SegmentFile.IsName(offer.File)) reason = "the file's name is none of a segment";
        else if (offer.Nonce.Length != SharedSegment.NonceBytes || offer.Bytes < SharedSegment.NonceBytes || offer.Bytes > (long)int.MaxValue * sizeof(float)) reason = "the offer is malformed";
        else if (isRing && offer.Bytes != MessageRing.ByteCount) reason = "the ring is of another length";
        if (reason.Length > 0) return null;
        foreach (string path in SegmentFile.Folders.Select(folder => Path.Combine(folder, offer.File)).Where(File.Exists))
        {
            try
            {
                using var file = new FileStream(path, FileMode.Open, isRing ? FileAccess.ReadWrite : FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                if (file.Length != (long)offer.Bytes) continue;
                var mapping = new SharedMapping(file, file.Length, isRing ? MemoryMappedFileAccess.ReadWrite : MemoryMappedFileAccess.Read);
                if (CryptographicOperations.FixedTimeEquals(mapping.Bytes.Span[..SharedSegment.NonceBytes], offer.Nonce.Span)) return new PeerSegment(mapping);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                reason = e.Message;
            }
        }
        if (reason.Length == 0) reason = "no such memory is seen here";
        return null;
    }

    public MessageRing AsRing() => new(_mapping);

    /// <summary>A tensor where the peer says that it lies, to be read.</summary>
    /// <returns>Null: it cannot lie there.</returns>
    public TensorTarget? At(ulong offset, ulong byteCount, Encoding encoding)
    {
        ulong end = offset + byteCount;
        if (end < offset || end > (ulong)_mapping.ByteCount) return null;
        if (encoding is not (Encoding.Float32 or Encoding.Int32))
            return end > int.MaxValue ? null : new TensorTarget(_mapping.Bytes.Slice((int)offset, (int)byteCount), encoding);
        if ((offset | byteCount) % sizeof(float) != 0) return null;
        (int first, int count) = ((int)(offset / sizeof(float)), (int)(byteCount / sizeof(float)));
        return encoding == Encoding.Float32 ? _mapping.Floats.Slice(first, count) : _mapping.Integers.Slice(first, count);
    }
}
