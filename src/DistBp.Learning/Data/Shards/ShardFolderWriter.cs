using System.Diagnostics;
using System.Globalization;
using DistBp.Learning.Data.Tensors;

namespace DistBp.Learning.Data.Shards;

/// <summary>Writes a folder of shards, sample by sample; the manifest comes last, so that a folder that has one is complete.</summary>
internal sealed class ShardFolderWriter : IDisposable
{
    private readonly string _folder;
    private readonly ShardLayout _layout;
    private readonly int _shardSamples;
    private readonly List<Shard> _shards = [];
    private ShardTensorWriter? _x, _y, _lengths;
    private int _written;

    /// <param name="shardSamples">0: <see cref="ShardLayout.DefaultShardSamples"/>.</param>
    public ShardFolderWriter(string folder, ShardLayout layout, int shardSamples)
    {
        (_folder, _layout, _shardSamples) = (folder, layout, shardSamples > 0 ? shardSamples : layout.DefaultShardSamples);
        Directory.CreateDirectory(folder);
    }

    /// <param name="target">Empty where no targets are written.</param>
    /// <param name="length">Steps that count, where lengths are written.</param>
    public void Add(ReadOnlySpan<float> sample, ReadOnlySpan<float> target, int length)
    {
        if (_x is null) Begin();
        _x!.Add(sample);
        _y?.Add(target);
        _lengths?.Add([length]);
        if (++_written == _layout.Samples || _written % _shardSamples == 0) End();
    }

    /// <param name="classes">0 where targets are not classes.</param>
    public ShardManifest Finish(int classes, IReadOnlyList<string>? classNames)
    {
        if (_written != _layout.Samples) throw new UnreachableException($"{_written} of {_layout.Samples} samples.");
        var manifest = new ShardManifest(
            ShardManifest.FormatName, ShardManifest.CurrentVersion, _written, _layout.SampleShape.Dimensions.ToArray(), _layout.TargetKind,
            _layout.TargetShape.Dimensions.ToArray(), classes, classNames?.ToArray(), [.. _shards]);
        string path = Path.Combine(_folder, ShardManifest.FileName), temporary = path + ".writing";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            file.Write(manifest.Write());
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path);
        return manifest;
    }

    public void Dispose()
    {
        foreach (ShardTensorWriter? writer in new[] { _x, _y, _lengths }) writer?.Dispose();
    }

    private void Begin()
    {
        int rows = Math.Min(_shardSamples, _layout.Samples - _written);
        _x = Writer("x", _layout.SampleType, _layout.SampleShape);
        if (_layout.TargetKind != TargetKind.Input) _y = Writer("y", _layout.TargetType, _layout.TargetShape);
        if (_layout.HasLengths) _lengths = Writer("lengths", ElementType.I32, new TensorShape());

        ShardTensorWriter Writer(string kind, ElementType type, TensorShape row) => new(
            Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{kind}-{_shards.Count:D5}.npy")), type, rows, row.Dimensions);
    }

    private void End()
    {
        int before = _shards.Sum(s => s.Samples);
        _shards.Add(new Shard(_written - before, _x!.Finish(), _y?.Finish(), _lengths?.Finish()));
        Dispose();
        (_x, _y, _lengths) = (null, null, null);
    }
}
