using DistBp.Learning.Layers;

namespace DistBp.Learning.Data;

/// <summary>Whether the samples of a network that begins with an embedding are tokens of its vocabulary: asked once, not in each step.</summary>
public static class TokenCheck
{
    /// <exception cref="UserException">A token is not whole or not in the vocabulary: names the sample. Padding is not looked at.</exception>
    public static void Require(Network network, Dataset data) => Require(network, data.Samples.Span, data.Lengths, data.Rows);

    /// <exception cref="UserException">As for a dataset.</exception>
    public static void Require(Network network, InputTable input) => Require(network, input.Samples.Span, input.Lengths, input.Rows);

    private static void Require(Network network, ReadOnlySpan<float> tokens, int[]? lengths, RowSource? rows)
    {
        if (network.Layers.FirstOrDefault(layer => !layer.IsReshape) is not EmbeddingLayer embedding) return;
        int steps = embedding.InputShape.ElementCount;
        for (int i = 0; i < tokens.Length; i++)
        {
            float token = tokens[i];
            if (token >= 0 && token < embedding.Vocabulary && token == MathF.Floor(token)) continue;
            if (lengths is not null && i % steps >= lengths[i / steps]) continue;
            string what = token >= embedding.Vocabulary ? $"which is not in the vocabulary of layer '{embedding.Name}' ({embedding.Vocabulary} tokens)"
                : "which is not a token's number (0, 1, 2, …)";
            throw new UserException(
                ErrorKind.Data, $"Element {i % steps} is {token}, {what}.", rows?.Describe(i / steps) ?? $"sample {i / steps}",
                "correct it, or the layer's vocabulary");
        }
    }
}
