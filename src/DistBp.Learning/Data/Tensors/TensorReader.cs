namespace DistBp.Learning.Data.Tensors;

/// <summary>Reads the samples of an idx or npy file one after the other, as floats in row-major order, without a second copy of the
/// data.</summary>
internal sealed class TensorReader : IDisposable
{
    private const int ChunkBytes = 1 << 16;
    private readonly Stream _stream;
    private readonly byte[] _chunk = new byte[ChunkBytes];
    private readonly TensorHeader _header;
    private float[]? _transposed;
    private int _position;

    private TensorReader(string path, Stream stream, TensorHeader header)
    {
        (Path, _stream, _header) = (path, stream, header);
        SampleShape = new TensorShape([.. header.Dimensions.Skip(1).Select(d => (int)d)]);
    }

    public string Path { get; }

    public int SampleCount => (int)_header.Dimensions[0];

    /// <summary>The dimensions but the first.</summary>
    public TensorShape SampleShape { get; }

    /// <summary>NaN and infinity are possible.</summary>
    public bool IsFloating => Elements.IsFloating(_header.Type);

    /// <summary>As the file has them.</summary>
    public ElementType ElementType => _header.Type;

    /// <summary>"[60000, 28, 28]".</summary>
    public string DeclaredShape => _header.Shape;

    /// <exception cref="UserException">Not a file of this format, or one that is shorter than it says.</exception>
    /// <param name="asStream">A few samples at a time are taken: all of them need not fit into one buffer.</param>
    public static TensorReader Open(string path, DataFormat format, bool asStream = false)
    {
        Stream stream = DataFile.Open(path, out long mostBytes);
        try
        {
            TensorHeader header = format == DataFormat.Npy ? NpyHeader.Read(stream, path) : IdxHeader.Read(stream, path);
            header.Validate(path, mostBytes, compressed: stream is BufferedStream, asStream);
            return new TensorReader(path, stream, header);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Fills <paramref name="destination"/> with the next elements.</summary>
    public void ReadNext(Span<float> destination)
    {
        if (!_header.FortranOrder || _header.Dimensions.Length == 1)
        {
            ReadStored(destination);
            return;
        }
        _transposed ??= ReadTransposed();
        _transposed.AsSpan(_position, destination.Length).CopyTo(destination);
        _position += destination.Length;
    }

    /// <summary>Checks that nothing follows the declared data.</summary>
    public void Finish()
    {
        if (DataFile.ReadFully(_stream, _chunk.AsSpan(0, 1), Path) == 0) return;
        throw new UserException(ErrorKind.Data, $"The file goes on after the {_header.Shape} elements that its header declares.", Path,
            "copy or write the file again");
    }

    public void Dispose() => _stream.Dispose();

    private void ReadStored(Span<float> destination)
    {
        int size = Elements.Size(_header.Type);
        while (!destination.IsEmpty)
        {
            int count = Math.Min(destination.Length, ChunkBytes / size);
            Span<byte> bytes = _chunk.AsSpan(0, count * size);
            int got = DataFile.ReadFully(_stream, bytes, Path);
            if (got < bytes.Length) throw CutOff();
            Elements.Convert(bytes, _header.Type, _header.BigEndian, destination[..count]);
            destination = destination[count..];
        }
    }

    private UserException CutOff() => new(ErrorKind.Data,
        $"The file is cut off: its header declares {_header.Shape} elements of {Elements.Size(_header.Type)} bytes, and the data end before.",
        Path, "copy or download the file again");

    /// <summary>The whole file, from column-major (first index fastest) to row-major.</summary>
    private float[] ReadTransposed()
    {
        int total = SampleCount * SampleShape.ElementCount;
        var stored = new float[total];
        ReadStored(stored);
        var result = new float[total];
        int rank = _header.Dimensions.Length;
        var index = new int[rank];
        for (int i = 0; i < total; i++)
        {
            int position = 0;
            for (int d = 0; d < rank; d++) position = position * (int)_header.Dimensions[d] + index[d];
            result[position] = stored[i];
            for (int d = 0; d < rank && ++index[d] == _header.Dimensions[d]; d++) index[d] = 0;
        }
        return result;
    }
}
