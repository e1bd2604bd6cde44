using DistBp.Learning.Layers;

namespace DistBp.Learning.Data;

/// <summary>Whether the samples of a network that begins with an embedding are tokens of its vocabulary: asked once, not in each step.</summary>
public static class TokenCheck
{
    private const int SamplesAPass = 1024;

    /// <exception cref="UserException">A token is not whole or not in the vocabulary: names the sample. Padding is not looked at.</exception>
    public static void Require(Network network, Dataset data)
    {
        if (Embedding(network) is not { } embedding) return;
        int steps = embedding.InputShape.ElementCount;
        var tokens = new float[Math.Min(data.Count, SamplesAPass) * steps];
        for (int first = 0; first < data.Count; first += SamplesAPass)
        {
            int count = Math.Min(SamplesAPass, data.Count - first);
            data.Copy(first, count, tokens, []);
            Require(embedding, tokens.AsSpan(0, count * steps), first, data.Lengths, data.Rows);
        }
    }

    /// <exception cref="UserException">As for a dataset.</exception>
    public static void Require(Network network, InputTable input)
    {
        if (Embedding(network) is { } embedding) Require(embedding, input.Samples.Span, 0, input.Lengths, input.Rows);
    }

    private static EmbeddingLayer? Embedding(Network network) => network.Layers.FirstOrDefault(layer => !layer.IsReshape) as EmbeddingLayer;

    /// <param name="first">The number of the sample with which the tokens begin.</param>
    private static void Require(EmbeddingLayer embedding, ReadOnlySpan<float> tokens, int first, int[]? lengths, RowSource? rows)
    {
        int steps = embedding.InputShape.ElementCount;
        for (int i = 0; i < tokens.Length; i++)
        {
            float token = tokens[i];
            if (token >= 0 && token < embedding.Vocabulary && token == MathF.Floor(token)) continue;
            int sample = first + i / steps;
            if (lengths is not null && i % steps >= lengths[sample]) continue;
            string what = token >= embedding.Vocabulary ? $"which is not in the vocabulary of layer '{embedding.Name}' ({embedding.Vocabulary} tokens)"
                : "which is not a token's number (0, 1, 2, …)";
            throw new UserException(
                ErrorKind.Data, $"Element {i % steps} is {token}, {what}.", rows?.Describe(sample) ?? $"sample {sample}",
                "correct it, or the layer's vocabulary");
        }
    }
}
