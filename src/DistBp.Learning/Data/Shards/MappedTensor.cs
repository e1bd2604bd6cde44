using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using DistBp.Learning.Data.Tensors;

namespace DistBp.Learning.Data.Shards;

/// <summary>
/// An npy file whose rows are read where the system has mapped them: they come into memory when they are touched. The mapping ends with the
/// object, by the finalizer of its handle.
/// </summary>
internal sealed unsafe partial class MappedTensor
{
    private const int DoNotNeed = 4;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _rows;
    private readonly ElementType _type;
    private readonly long _rowBytes;

    private MappedTensor(MemoryMappedViewAccessor view, TensorHeader header, int rowElements, long bytes)
    {
        (_view, _type, Bytes) = (view, header.Type, bytes);
        _rowBytes = (long)rowElements * Elements.Size(header.Type);
        _rows = (byte*)view.SafeMemoryMappedViewHandle.DangerousGetHandle() + header.Length;
    }

    /// <summary>Of the file.</summary>
    public long Bytes { get; }

    /// <summary>NaN and infinity are possible.</summary>
    public bool IsFloating => Elements.IsFloating(_type);

    /// <exception cref="UserException">The file is none of this shape, or cannot be mapped.</exception>
    public static MappedTensor Open(string path, int rows, TensorShape row)
    {
        TensorHeader header;
        long bytes;
        using (Stream stream = DataFile.Open(path, out bytes))
        {
            header = NpyHeader.Read(stream, path);
            if (stream is BufferedStream) throw Unfit(path, "It is compressed");
        }
        long[] expected = [rows, .. row.Dimensions.ToArray().Select(d => (long)d)];
        if (!header.Dimensions.AsSpan().SequenceEqual(expected)) throw Unfit(path, $"It holds {header.Shape}, and the manifest says [{string.Join(", ", expected)}]");
        if (header.FortranOrder && expected.Count(d => d > 1) > 1) throw Unfit(path, "It is stored column by column");
        if (header.BigEndian && Elements.Size(header.Type) > 1) throw Unfit(path, "Its elements are big-endian");
        long needed = header.Length + rows * (long)row.ElementCount * Elements.Size(header.Type);
        if (bytes != needed) throw Unfit(path, $"It has {bytes} bytes where its header declares {needed}");
        try
        {
            using var file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
            return new MappedTensor(file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read), header, row.ElementCount, bytes);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new UserException(ErrorKind.Data, $"The shard cannot be mapped: {cause.Message}", path, "check its permissions and the limits on memory maps", cause);
        }
    }

    /// <summary>Some rows, as floats.</summary>
    /// <param name="destination">[rows, row].</param>
    public void Read(int first, Span<float> destination)
    {
        int bytes = checked(destination.Length * Elements.Size(_type));
        // Not swapped, for the file has the machine's byte order: nothing writes to the span.
        Elements.Convert(new Span<byte>(_rows + first * _rowBytes, bytes), _type, bigEndian: !BitConverter.IsLittleEndian, destination);
        GC.KeepAlive(this);
    }

    /// <summary>Takes the pages out of the process; they come back from the file when they are touched again.</summary>
    public void Forget()
    {
        // Elsewhere the system decides by itself what stays.
        if (OperatingSystem.IsLinux()) _ = Advise(_view.SafeMemoryMappedViewHandle.DangerousGetHandle(), (nuint)Bytes, DoNotNeed);
        GC.KeepAlive(this);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(nint address, nuint length, int advice);

    private static UserException Unfit(string path, string what) =>
        new(ErrorKind.Data, $"{what}.", path, "restore the shard from a copy, or run `distbp data convert` again");
}
