namespace DistBp.Learning.Layers;

/// <summary>
/// Sets elements to 0 at random in training (Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, JMLR 2014) and rests in evaluation.
/// </summary>
/// <param name="Probability">Of an element to be dropped: in [0, 1), taken to the nearest 1/65536.</param>
public sealed record DropoutDescription(string? Name, double Probability) : LayerDescription(Name)
{
    public override string Kind => "dropout";

    internal override Layer? Make(LayerSite site) => Probability is >= 0 and < 1
        ? new DropoutLayer(site.Name, site.InputShape, Probability)
        : site.Refuse($"drops with the probability {Probability}", "give at least 0 and less than 1, for example 0.2");
}
