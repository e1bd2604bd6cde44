using DistBp.Learning;

namespace DistBp.Cluster.Storage;

/// <summary>The words for a disk that does not take what is to be written.</summary>
internal static class StorageFailure
{
    /// <param name="bytes">What the write needs on the disk.</param>
    public static UserException CannotWrite(string what, string path, long bytes, Exception cause) => new(
        ErrorKind.Checkpoint,
        $"cannot write {what}: {cause.Message}",
        path,
        $"{bytes:N0} bytes are needed there: free space, make the folder writable, or choose another with --out; what was saved before is intact",
        cause);
}
