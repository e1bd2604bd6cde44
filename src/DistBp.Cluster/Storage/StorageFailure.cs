using DistBp.Learning;

namespace DistBp.Cluster.Storage;

/// <summary>The words for a disk that does not take what is to be written.</summary>
internal static class StorageFailure
{
    /// <param name="bytes">What the write needs on the disk; 0: next to nothing.</param>
    public static UserException CannotWrite(string what, string path, long bytes, Exception cause) => new(
        ErrorKind.Usage,
        $"cannot write {what}: {cause.Message}",
        path,
        (bytes > 0 ? $"{bytes:N0} bytes are needed there: free space, make" : "make") +
        " the folder writable, or choose another; what was saved before is intact",
        cause);
}
