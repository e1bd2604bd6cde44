namespace DistBp.Learning.Layers;

/// <summary>Which residuals a layer lies in.</summary>
public static class ResidualNesting
{
    /// <summary>
    /// The layer's own name and those of the residuals around it: under each of them it may be frozen or given a rate. The beginning of a
    /// residual has no parameters, so it matters not that it goes by its own.
    /// </summary>
    /// <param name="layers">At least those before the layer, and itself.</param>
    public static IEnumerable<string> NamesOf(IReadOnlyList<Layer> layers, int index)
        => Enclosing(layers, index).Select(begin => begin.Residual).Prepend(layers[index].Name);

    /// <summary>The beginnings of the residuals in which a layer of that index lies, the innermost first.</summary>
    internal static IEnumerable<ResidualBeginLayer> Enclosing(IReadOnlyList<Layer> layers, int index)
    {
        int closed = 0;
        for (int i = index - 1; i >= 0; i--)
        {
            if (layers[i] is ResidualEndLayer) closed++;
            else if (layers[i] is ResidualBeginLayer begin && closed-- == 0)
            {
                closed = 0;
                yield return begin;
            }
        }
    }
}
