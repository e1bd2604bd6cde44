using System.Globalization;
using DistBp.Learning.Data.Preprocessing;
using DistBp.Learning.Data.Sequences;

namespace DistBp.Learning.Data.Wav;

/// <summary>Reads folders of WAV files into raw parts: a sample a file, a step a frame, in the ordinal order of the files' names.</summary>
internal static class WavSource
{
    private const int DeepestFolder = 8;

    public static RawTraining ReadTraining(WavFolder source, DataDescription data, TargetKind target, int seed, string baseFolder)
    {
        if (target is not (TargetKind.Classes or TargetKind.Binary))
        {
            throw new UserException(ErrorKind.Usage, "The labels of sounds are classes.", "loss",
                "choose softmaxCrossEntropy, or binaryCrossEntropy for two labels");
        }
        string folder = DataFile.Resolve(source.Folder, baseFolder);
        (string[] files, string[] labels) = Labelled(folder, new LabelPattern(source.Label));
        string[] classes = CategoryDictionary.InOrder(labels.Distinct());
        RequireClasses(classes, files.Length, target, folder);
        SpectrogramDescription spectrogram = source.Spectrogram with { SampleRate = source.Spectrogram.SampleRate ?? WavFile.Read(files[0]).SampleRate };
        Spectrograms sounds = Spectrograms.Compute(files, spectrogram);

        var assignment = PartAssignment.Create(files.Length, data, seed, folder);
        var parts = new RawPart?[PartAssignment.PartCount];
        for (int part = 0; part < parts.Length; part++)
        {
            if (assignment.Counts[part] == 0) continue;
            int[] rows = assignment.RowsOf(part) ?? [.. Enumerable.Range(0, files.Length)];
            parts[part] = Part(sounds, rows, folder, i => Array.IndexOf(classes, labels[i]));
        }
        int steps = spectrogram.MaxSeconds is { } seconds ? sounds.FramesOf(seconds) : sounds.Lengths.Max();
        return new RawTraining(parts, new TensorShape(steps, spectrogram.MelBands), null, classes, classes.Length) { Spectrogram = spectrogram };
    }

    /// <summary>All files of a folder as one part, by the classes of training.</summary>
    public static RawPart ReadAll(WavFolder source, TargetKind target, IReadOnlyList<string> classes, string baseFolder)
    {
        string folder = DataFile.Resolve(source.Folder, baseFolder);
        (string[] files, string[] labels) = Labelled(folder, new LabelPattern(source.Label));
        for (int i = 0; target != TargetKind.Input && i < files.Length; i++)
        {
            if (classes.Contains(labels[i])) continue;
            throw new UserException(ErrorKind.Data, $"The label '{labels[i]}' is none of training's: {NearestName.List([.. classes], 12)}.", files[i],
                $"{NearestName.Suggestion(labels[i], classes)}correct the name or leave the file out");
        }
        Spectrograms sounds = Spectrograms.Compute(files, source.Spectrogram);
        string[] known = [.. classes];
        return Part(sounds, [.. Enumerable.Range(0, files.Length)], folder, i => Array.IndexOf(known, labels[i]));
    }

    /// <summary>One file, or those of a folder, without labels.</summary>
    public static RawPart ReadInput(string path, SpectrogramDescription spectrogram)
    {
        string[] files = Directory.Exists(path) ? Files(path, deep: true) : [path];
        Spectrograms sounds = Spectrograms.Compute(files, spectrogram);
        return Part(sounds, [.. Enumerable.Range(0, files.Length)], path, _ => 0);
    }

    private static RawPart Part(Spectrograms sounds, int[] rows, string folder, Func<int, int> classOf)
    {
        int[] lengths = [.. rows.Select(r => sounds.Lengths[r])];
        int[] starts = StepTable.Starts(lengths, folder);
        TensorBuffer values = FeatureTable.Allocate(starts[^1], sounds.Bands, folder);
        var targets = new TensorBuffer(rows.Length);
        for (int i = 0; i < rows.Length; i++)
        {
            sounds.Features(rows[i]).CopyTo(values.Span[(starts[i] * sounds.Bands)..]);
            targets.Span[i] = classOf(rows[i]);
        }
        var source = new RowSource(folder, rows, IsLines: false, starts, [.. rows.Select(r => sounds.Files[r])]);
        return new RawPart(new FeatureTable(starts[^1], FeatureColumn.Numbered(sounds.Bands), values, source), targets, new TensorShape(), lengths);
    }

    private static (string[] Files, string[] Labels) Labelled(string folder, LabelPattern pattern)
    {
        string[] files = Files(folder, pattern.OfPath);
        string?[] labels = [.. files.Select(f => pattern.Label(
            pattern.OfPath ? Path.GetRelativePath(folder, f).Replace('\\', '/') : Path.GetFileName(f)))];
        string[] strange = [.. files.Where((_, i) => labels[i] is null)];
        if (strange.Length == 0) return (files, [.. labels.OfType<string>()]);
        throw new UserException(ErrorKind.Data,
            string.Create(CultureInfo.InvariantCulture, $"The pattern '{pattern}' finds no label in {strange.Length} of {files.Length} names."),
            strange[0], "change data.train.label, or move the files that have no label out of the folder");
    }

    private static string[] Files(string folder, bool deep)
    {
        if (!Directory.Exists(folder))
        {
            throw new UserException(ErrorKind.Data, File.Exists(folder) ? "This is a file, not a folder." : "There is no such folder.", folder,
                "name the folder of the WAV files (paths are relative to the job file's folder)");
        }
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = deep, MaxRecursionDepth = DeepestFolder, MatchCasing = MatchCasing.CaseInsensitive, IgnoreInaccessible = false,
        };
        string[] files = [.. Directory.EnumerateFiles(folder, "*.wav", options)];
        if (files.Length == 0) throw new UserException(ErrorKind.Data, "The folder has no .wav files.", folder, "check the path");
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }

    private static void RequireClasses(string[] classes, int files, TargetKind target, string folder)
    {
        if (classes.Length < 2)
            throw new UserException(ErrorKind.Data, $"All labels are '{classes[0]}': there is nothing to tell apart.", folder, "check data.train.label");
        if (target == TargetKind.Binary && classes.Length > 2)
        {
            throw new UserException(ErrorKind.Data, $"There are {classes.Length} labels and binaryCrossEntropy takes 2: {NearestName.List(classes, 6)}.",
                folder, "choose the loss softmaxCrossEntropy");
        }
        if (classes.Length == files && files > 50)
            throw new UserException(ErrorKind.Data, $"Each of the {files} files has its own label, as '{classes[0]}'.", folder, "check data.train.label");
    }
}
