using System.Text;
using System.Text.Json.Serialization;

namespace DistBp.Learning.Data.Text;

/// <summary>How a text was cut and numbered; stored with the run.</summary>
/// <param name="Length">Characters of a window.</param>
/// <param name="Stride">From the start of a window to that of the next.</param>
/// <param name="Vocabulary">The characters (Unicode code points) of the training part in their order. Class i is its i-th; one more class,
/// <see cref="Unknown"/>, stands for every character that the training part has not.</param>
public sealed record TextWindows(int Length, int Stride, TextEncoding Encoding, string Vocabulary)
{
    /// <summary>U+FFFD, Unicode's own sign for what cannot be shown.</summary>
    public static readonly Rune Unknown = Rune.ReplacementChar;

    private readonly Rune[] _characters = [.. Vocabulary.EnumerateRunes()];

    /// <summary>Characters of training, and the unknown one.</summary>
    [JsonIgnore]
    public int ClassCount => _characters.Length + 1;

    [JsonIgnore]
    public TensorShape SampleShape => Encoding == TextEncoding.Index ? new TensorShape(Length) : new TensorShape(Length, ClassCount);

    public static TextWindows Of(ReadOnlySpan<Rune> training, int length, int stride, TextEncoding encoding)
    {
        var seen = new SortedSet<Rune>();
        foreach (Rune character in training) seen.Add(character);
        seen.Remove(Unknown);
        return new TextWindows(length, stride, encoding, string.Concat(seen));
    }

    /// <summary>The character's class; that of <see cref="Unknown"/> where training has none.</summary>
    public int ClassOf(Rune character)
    {
        int index = Array.BinarySearch(_characters, character);
        return index >= 0 ? index : _characters.Length;
    }

    public bool Knows(Rune character) => Array.BinarySearch(_characters, character) >= 0;

    public Rune CharacterOf(int ofClass) => ofClass < _characters.Length ? _characters[ofClass] : Unknown;

    /// <summary>Writes one window [SampleShape] of classes [at most Length]; what follows them is 0.</summary>
    public void Encode(ReadOnlySpan<int> classes, Span<float> sample)
    {
        sample.Clear();
        for (int i = 0; i < classes.Length; i++)
        {
            if (Encoding == TextEncoding.Index) sample[i] = classes[i];
            else sample[i * ClassCount + classes[i]] = 1;
        }
    }

    /// <summary>Why this does not fit a schema's shapes; null where it does.</summary>
    internal string? Contradiction(int[] sampleShape, int[] targetShape, int classCount)
    {
        if (Length < 1 || Stride < 1) return "its windows have no length";
        if (!_characters.AsSpan().SequenceEqual([.. _characters.Distinct().Order()])) return "its vocabulary is not in order";
        return SampleShape.Dimensions.SequenceEqual(sampleShape) && targetShape.AsSpan().SequenceEqual([Length]) && ClassCount == classCount
            ? null : "its text does not fit its shapes";
    }
}
