using System.Text;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Learning.Data.Text;
using DistBp.Learning.Initialization;

namespace DistBp.Cluster.Runs;

/// <summary>
/// Lets a network that was trained on a text go on writing. Each character is drawn from softmax(z / temperature) of what the network gives
/// after the last characters, at most as many as a window of training has: beyond that the window slides, one character at a time.
/// Character i of a seed is drawn by value i of the counter-based generator.
/// </summary>
public sealed class TextGeneration
{
    private readonly SavedRun _run;
    private readonly TextWindows _text;
    private readonly NetworkWorkspace _workspace;
    private readonly float[] _outputs;
    private readonly double[] _weights;
    private readonly List<int> _written = [];
    private readonly double _temperature;
    private readonly ulong _key;

    /// <param name="temperature">0: always the most probable character, the first of equals. 1: as probable as the network takes it.</param>
    /// <param name="prompt">What stands before; empty: a line end, or the first character of the vocabulary where there are no lines.</param>
    /// <exception cref="UserException">The run is not one of a text, or the prompt has characters that it does not know.</exception>
    public TextGeneration(SavedRun run, double temperature, string prompt, int seed)
    {
        _text = run.Schema.Text ?? throw new UserException(
            ErrorKind.Usage, "only a network that was trained on a text can go on writing", run.Folder,
            "leave out --generate, or name a run whose job has data.format: text");
        (_run, _temperature, _key) = (run, temperature, Philox.Key(seed, RandomPurpose.Generation));
        _workspace = run.Network.CreateWorkspace(1, 1);
        _workspace.HasLengths = true;
        _outputs = new float[run.Network.OutputShape.ElementCount];
        _weights = new double[_text.ClassCount - 1];
        RequireKnown(prompt);
        foreach (Rune character in prompt.EnumerateRunes()) _written.Add(_text.ClassOf(character));
        if (_written.Count == 0) _written.Add(_text.Knows(new Rune('\n')) ? _text.ClassOf(new Rune('\n')) : 0);
    }

    /// <summary>The next character.</summary>
    /// <param name="index">From 0: which value of the generator draws it.</param>
    public Rune Next(int index)
    {
        int count = Math.Min(_written.Count, _text.Length);
        ReadOnlySpan<int> context = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_written)[^count..];
        _text.Encode(context, _workspace.Inputs[.._text.SampleShape.ElementCount]);
        _workspace.Lengths[0] = count;
        _run.Network.Predict(_workspace, _run.Parameters.Span, 1, _outputs);
        // The unknown character, the last class, is never written.
        int next = Draw(_outputs.AsSpan((count - 1) * _text.ClassCount, _weights.Length), index);
        // Only a window of what is written is looked at again.
        if (_written.Count >= 2 * _text.Length) _written.RemoveRange(0, _text.Length);
        _written.Add(next);
        return _text.CharacterOf(next);
    }

    private int Draw(ReadOnlySpan<float> probabilities, int index)
    {
        int best = 0;
        for (int c = 1; c < probabilities.Length; c++)
            if (probabilities[c] > probabilities[best]) best = c;
        if (_temperature == 0) return best;
        // p^(1/T), relative to the largest, so that a low temperature does not underflow.
        double total = 0, logBest = Log(probabilities[best]);
        for (int c = 0; c < probabilities.Length; c++)
        {
            _weights[c] = probabilities[c] > 0 ? Math.Exp((Log(probabilities[c]) - logBest) / _temperature) : 0;
            total += _weights[c];
        }
        double left = Philox.Generate(_key, (ulong)index, 0).A / 4294967296.0 * total;
        for (int c = 0; c < _weights.Length; c++)
        {
            left -= _weights[c];
            if (left < 0) return c;
        }
        return best;
    }

    private static double Log(float probability) => Math.Log(probability);

    private void RequireKnown(string prompt)
    {
        Rune[] strange = [.. prompt.EnumerateRunes().Where(c => !_text.Knows(c)).Distinct()];
        if (strange.Length == 0) return;
        throw new UserException(
            ErrorKind.Usage, $"the prompt has characters that the text of training has not: {string.Join(' ', strange.Take(10).Select(c => $"'{c}'"))}",
            "--prompt", "write it with the characters of that text");
    }
}
