namespace DistBp.Learning.Layers;

/// <summary>A trained vector of <paramref name="Size"/> numbers for each of <paramref name="Vocabulary"/> tokens.</summary>
public sealed record EmbeddingDescription(string? Name, int Vocabulary, int Size) : LayerDescription(Name)
{
    /// <summary>Tokens are stored as floats, which hold whole numbers up to 2²⁴ without a gap.</summary>
    public const int MaxVocabulary = 1 << 24;

    public override string Kind => "embedding";

    internal override bool HasWeights => true;

    internal override Layer? Make(LayerSite site)
    {
        if (Vocabulary is < 1 or > MaxVocabulary) return site.Refuse($"has a vocabulary of {Vocabulary}", $"give it 1 to {MaxVocabulary} tokens");
        if (Size < 1) return site.Refuse($"has the size {Size}", "give it at least 1");
        if ((long)Vocabulary * Size > int.MaxValue)
            return site.Refuse($"with {Vocabulary} tokens of {Size} has more than {int.MaxValue} weights", "give it a smaller size");
        if (site.Previous is { IsReshape: false }) return site.Refuse("takes numbers of tokens, which no layer gives", "make it the first layer");
        if (site.InputShape.Rank > 1)
            return site.Refuse($"gets the shape {site.InputShape}, and takes one sequence of tokens [n]", "set data.shape, or put a flatten before it");
        if ((long)site.InputShape.ElementCount * Size > int.MaxValue)
            return site.Refuse($"gives {site.InputShape.ElementCount} vectors of {Size}, which is more than {int.MaxValue} numbers", "give it a smaller size");
        return new EmbeddingLayer(site.Name, site.InputShape, Vocabulary, Size);
    }
}
