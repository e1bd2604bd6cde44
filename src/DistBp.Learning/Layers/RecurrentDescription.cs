using DistBp.Learning.Kernels;
using DistBp.Learning.Kernels.Recurrent;

namespace DistBp.Learning.Layers;

/// <summary>A recurrent layer over sequences [time, features]: rnn, lstm or gru.</summary>
/// <param name="Units">Of the state, in each direction.</param>
/// <param name="ReturnSequences">The output is the state after every step [time, units]; otherwise the last alone [units].</param>
/// <param name="Bidirectional">A second recurrence runs from the end to the start; the outputs stand one after the other.</param>
/// <param name="Truncation">0, or K: the gradient does not flow back across borders every K steps, counted from the start.</param>
/// <param name="RecurrentGain">The recurrent weights start that many times as large.</param>
public sealed record RecurrentDescription(
    string? Name, RecurrentCell Cell, int Units, bool ReturnSequences = false, bool Bidirectional = false, int Truncation = 0,
    double RecurrentGain = 1) : LayerDescription(Name)
{
    public override string Kind => Cell switch { RecurrentCell.Lstm => "lstm", RecurrentCell.Gru => "gru", _ => "rnn" };

    internal override bool HasWeights => true;

    internal override Activation? OwnActivation => Cell == RecurrentCell.Relu ? Activation.Relu : Activation.Tanh;

    internal override Layer? Make(LayerSite site)
    {
        TensorShape shape = site.InputShape;
        if (Units < 1) return site.Refuse($"has {Units} units", "give it at least 1");
        if (shape.Rank != 2)
        {
            return site.Refuse(
                $"gets the shape {shape}, but needs sequences [time, features]",
                "set data.shape: [TIME, FEATURES], or returnSequences: true in the recurrent layer before");
        }
        var gates = new RecurrentShape(Cell, Units, shape[1], shape[0], Reverse: false, Truncation);
        if (GateLayout.Columns(Cell) * (long)Units * ((long)Units + shape[1] + 64) > int.MaxValue)
            return site.Refuse($"with {Units} units over {shape[1]} features has too many weights", "give it fewer units");
        return new RecurrentLayer(site.Name, shape, gates, ReturnSequences, Bidirectional, RecurrentGain);
    }
}
