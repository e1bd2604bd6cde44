using System.Numerics.Tensors;
using DistBp.Learning.Data.Tensors;

namespace DistBp.Learning.Data.Shards;

/// <summary>Writes idx and npy files as shards, sample by sample: memory does not grow with the files.</summary>
internal static class TensorConversion
{
    private static readonly string[] s_names = ["train", "validation", "test"];

    public static (string Part, string Folder, ShardManifest Manifest)[] Convert(
        DataDescription data, TargetKind target, int seed, string baseFolder, string output, int shardSamples)
    {
        var train = (TensorFiles)data.Train!;
        if (target == TargetKind.Input && train.Lengths is not null)
        {
            throw new UserException(ErrorKind.Usage, "Sequences of different lengths cannot be their own target: the loss would count the padding.",
                "data.train.lengths", "leave the lengths out, or give labels");
        }
        var done = new List<(string, string, ShardManifest)>();
        int classes = target switch { TargetKind.Classes => 0, TargetKind.Binary => 2, _ => -1 };
        classes = Write(train, data.Format, count => PartAssignment.Create(count, data, seed, train.X), classes, s_names);
        foreach ((DataSource? source, int part) in new[] { (data.Validation, PartAssignment.Validation), (data.Test, PartAssignment.Test) })
        {
            if (source is not TensorFiles files) continue;
            DataFormat format = IdxHeader.Matches(DataFile.Start(DataFile.Resolve(files.X, baseFolder))) ? DataFormat.Idx : DataFormat.Npy;
            Write(files, format, PartAssignment.Whole, classes, [s_names[part]]);
        }
        return [.. done.OrderBy(d => Array.IndexOf(s_names, d.Item1))];

        int Write(TensorFiles files, DataFormat format, Func<int, PartAssignment> assign, int known, string[] names)
        {
            using var pair = new TensorPair(files, format, target, baseFolder);
            PartAssignment assignment = assign(pair.Count);
            var writers = new ShardFolderWriter?[names.Length];
            try
            {
                for (int part = 0; part < names.Length; part++)
                {
                    if (assignment.Counts[part] > 0)
                        writers[part] = new ShardFolderWriter(Path.Combine(output, names[part]), pair.Layout(assignment.Counts[part]), shardSamples);
                }
                int found = pair.CopyTo(row => writers[assignment[row]]!, known);
                for (int part = 0; part < names.Length; part++)
                {
                    if (writers[part] is { } writer) done.Add((names[part], Path.Combine(output, names[part]), writer.Finish(Math.Max(found, 0), null)));
                }
                return found;
            }
            finally
            {
                foreach (ShardFolderWriter? writer in writers) writer?.Dispose();
            }
        }
    }

    /// <summary>The files of one source, read side by side.</summary>
    private sealed class TensorPair : IDisposable
    {
        private readonly TargetKind _target;
        private readonly TensorReader _x;
        private readonly TensorReader? _y;
        private readonly TensorShape _targetShape = new();
        private readonly int[]? _lengths;

        public TensorPair(TensorFiles files, DataFormat format, TargetKind target, string baseFolder)
        {
            _target = target;
            _x = TensorReader.Open(DataFile.Resolve(files.X, baseFolder), format, asStream: true);
            if (files.Lengths is not null) _lengths = TensorSource.LengthsOf(_x, DataFile.Resolve(files.Lengths, baseFolder));
            if (target == TargetKind.Input) return;
            _y = TensorReader.Open(TensorSource.TargetPath(files, baseFolder), format, asStream: true);
            _targetShape = TensorSource.TargetShape(_x, _y, target);
        }

        public int Count => _x.SampleCount;

        public ShardLayout Layout(int samples) => new(
            samples, _x.SampleShape, StoredAs(_x), _target, _targetShape, _y is null ? ElementType.F32 : StoredAs(_y), _lengths is not null);

        /// <param name="classes">What labels must be below; 0: they say how many there are.</param>
        /// <returns>How many classes there are.</returns>
        public int CopyTo(Func<int, ShardFolderWriter> writerOf, int classes)
        {
            float[] sample = new float[_x.SampleShape.ElementCount], target = _y is null ? [] : new float[_targetShape.ElementCount];
            float highest = 0;
            for (int row = 0; row < Count; row++)
            {
                _x.ReadNext(sample);
                if (_x.IsFloating) RequireFinite(sample, row);
                _y?.ReadNext(target);
                if (_lengths is not null && _y is not null && TensorSource.IsOfSteps(_targetShape, _target)) target.AsSpan(_lengths[row]).Clear();
                foreach (float y in target)
                {
                    TargetChecks.Require(y, _target, _target == TargetKind.Classes ? classes : 0, _y!.Path, row);
                    highest = Math.Max(highest, y);
                }
                writerOf(row).Add(sample, target, _lengths?[row] ?? 0);
            }
            _x.Finish();
            _y?.Finish();
            if (_target != TargetKind.Classes || classes > 0) return classes;
            if (highest > 0) return (int)highest + 1;
            throw new UserException(ErrorKind.Data, "All labels are 0: there is nothing to tell apart.", _y!.Path, "check data.train.y");
        }

        public void Dispose()
        {
            _x.Dispose();
            _y?.Dispose();
        }

        private void RequireFinite(ReadOnlySpan<float> sample, int row)
        {
            if (float.IsFinite(TensorPrimitives.MaxMagnitude(sample))) return;
            int element = 0;
            while (float.IsFinite(sample[element])) element++;
            throw new UserException(ErrorKind.Data, $"Element {element} is {sample[element]}.", $"{_x.Path}, sample {row}",
                float.IsNaN(sample[element]) ? "correct it, or fill missing values with {impute: mean} in data.preprocess" : "correct it");
        }

        private static ElementType StoredAs(TensorReader reader) => reader.ElementType is ElementType.U8 or ElementType.Bool ? ElementType.U8 : ElementType.F32;
    }
}
