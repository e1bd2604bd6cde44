namespace DistBp.Learning.Data.Shards;

/// <summary>
/// The samples of a folder of shards, as the files have them. A shard is checked and mapped when it is touched first. For several threads at
/// once.
/// </summary>
internal sealed class ShardSet
{
    private readonly string _folder;
    private readonly ShardLocator? _locate;
    private readonly TargetKind _target;
    private readonly int _classCount;
    private readonly int[] _starts;
    private readonly ShardContent?[] _contents;
    private readonly Lock[] _opening;
    private readonly ShardResidency _residency;
    private readonly int _width, _targetWidth;

    /// <param name="classCount">What labels must be below; 0: as the manifest says.</param>
    /// <param name="window">Samples that are visited in the same stretch of an epoch: about two windows stay in memory.</param>
    /// <param name="locate">Null: all files lie in the folder, which is looked at here and now.</param>
    /// <exception cref="UserException">The manifest does not fit the target, or files are missing.</exception>
    public ShardSet(string folder, TargetKind target, int classCount, int window, ShardLocator? locate)
    {
        Manifest = ShardManifest.Load(folder);
        (_folder, _target, _locate) = (folder, target, locate);
        _classCount = classCount > 0 ? classCount : Manifest.Classes;
        RequireTarget();
        if (locate is null) RequireFiles();
        _starts = new int[Manifest.Shards.Length + 1];
        for (int i = 0; i < Manifest.Shards.Length; i++) _starts[i + 1] = _starts[i] + Manifest.Shards[i].Samples;
        _contents = new ShardContent?[Manifest.Shards.Length];
        _opening = [.. Manifest.Shards.Select(_ => new Lock())];
        SampleShape = new TensorShape(Manifest.SampleShape);
        (_width, _targetWidth) = (SampleShape.ElementCount, new TensorShape(Manifest.TargetShape).ElementCount);
        _residency = new ShardResidency(LimitBytes(window));
        Lengths = ReadLengths();
    }

    public ShardManifest Manifest { get; }

    public string Folder => _folder;

    public TensorShape SampleShape { get; }

    /// <summary>Of each sample; null: all are whole.</summary>
    public int[]? Lengths { get; }

    /// <param name="samples">[count, sample], or empty.</param>
    /// <param name="targets">[count, target], or empty.</param>
    public void Copy(int first, int count, Span<float> samples, Span<float> targets)
    {
        for (int copied = 0; copied < count;)
        {
            (ShardContent shard, int row, int available) = Find(first + copied);
            int rows = Math.Min(available, count - copied);
            if (!samples.IsEmpty) shard.X.Read(row, samples.Slice(copied * _width, rows * _width));
            if (!targets.IsEmpty) shard.Y!.Read(row, targets.Slice(copied * _targetWidth, rows * _targetWidth));
            copied += rows;
        }
        _residency.Trim();
    }

    /// <param name="targets">[indices.Length, target], or empty.</param>
    public void Gather(ReadOnlySpan<int> indices, Span<float> samples, Span<float> targets)
    {
        for (int i = 0; i < indices.Length; i++)
        {
            (ShardContent shard, int row, _) = Find(indices[i]);
            shard.X.Read(row, samples.Slice(i * _width, _width));
            if (!targets.IsEmpty) shard.Y!.Read(row, targets.Slice(i * _targetWidth, _targetWidth));
        }
        _residency.Trim();
    }

    /// <summary>The shard of a sample, its row there, and how many rows there are from it on.</summary>
    private (ShardContent Shard, int Row, int Rows) Find(int sample)
    {
        int found = Array.BinarySearch(_starts, sample), number = found < 0 ? ~found - 1 : found;
        ShardContent shard = Volatile.Read(ref _contents[number]) ?? Open(number);
        _residency.Touch(shard);
        return (shard, sample - _starts[number], _starts[number + 1] - sample);
    }

    private ShardContent Open(int number)
    {
        lock (_opening[number])
        {
            if (_contents[number] is { } opened) return opened;
            var content = ShardContent.Open(Manifest, Manifest.Shards[number], _target, _classCount, PathOf);
            Volatile.Write(ref _contents[number], content);
            return content;
        }
    }

    private string PathOf(ShardFile file) => _locate is null ? Path.Combine(_folder, file.File) : _locate(_folder, file);

    /// <summary>Two windows, each with a shard begun at either end.</summary>
    private long LimitBytes(int window)
    {
        long all = Manifest.Shards.Sum(BytesOf), largest = Manifest.Shards.Max(BytesOf);
        return (long)(2.0 * window / Manifest.Samples * all) + 2 * largest;

        static long BytesOf(Shard shard) => shard.X.Bytes + (shard.Y?.Bytes ?? 0);
    }

    private int[]? ReadLengths()
    {
        if (Manifest.Shards[0].Lengths is null) return null;
        var lengths = new int[Manifest.Samples];
        for (int i = 0; i < Manifest.Shards.Length; i++)
        {
            string path = ShardContent.Checked(Manifest.Shards[i].Lengths!, PathOf);
            Tensors.LengthsReader.Read(path, Manifest.Shards[i].Samples, Manifest.SampleShape[0]).CopyTo(lengths, _starts[i]);
        }
        return lengths;
    }

    private void RequireTarget()
    {
        string? remedy = (_target, Manifest.TargetKind) switch
        {
            (TargetKind.Input, _) when Manifest.Shards[0].Lengths is not null => "sequences of different lengths cannot be their own target: leave out data.target",
            (TargetKind.Input, _) => null,
            (_, TargetKind.Input) => "they were made for data.target: input; convert data with labels",
            (TargetKind.Classes, not TargetKind.Values) => null,
            (TargetKind.Binary, not TargetKind.Values) when Manifest.Classes == 2 => null,
            (TargetKind.Values, TargetKind.Values) => null,
            (TargetKind.Binary, _) => "choose the loss softmaxCrossEntropy for several classes, meanSquaredError or huber for values",
            (TargetKind.Values, _) => "choose the loss softmaxCrossEntropy or, for two classes, binaryCrossEntropy",
            _ => "choose the loss meanSquaredError or huber",
        };
        if (remedy is null) return;
        string has = Manifest.TargetKind switch
        {
            TargetKind.Input => "no targets",
            TargetKind.Values => "values as targets",
            _ => $"{Manifest.Classes} classes",
        };
        throw new UserException(ErrorKind.Data, $"The shards have {has}, and the loss does not fit.", Path.Combine(_folder, ShardManifest.FileName), remedy);
    }

    private void RequireFiles()
    {
        const int mostTold = 5;
        var problems = new List<Problem>();
        foreach (ShardFile file in Manifest.Files)
        {
            try
            {
                ShardContent.RequireLength(Path.Combine(_folder, file.File), file);
            }
            catch (UserException e) when (problems.Count < mostTold)
            {
                problems.AddRange(e.Problems);
            }
        }
        if (problems.Count > 0) throw new UserException(ErrorKind.Data, problems);
    }
}
