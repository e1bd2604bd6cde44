using DistBp.Learning.Kernels.Recurrent;

namespace DistBp.Learning.Layers;

/// <summary>
/// A recurrence over [time, features], forward in time and, if asked for, one backward beside it (<see cref="RecurrentCell"/> gives the
/// formulas; backward is backpropagation through time, Werbos 1990). Parameters have PyTorch's shapes and order of gates: weightInput
/// [gates·units, features], weightRecurrent [gates·units, units], biasInput and biasRecurrent [gates·units], then the same with "Reverse".
/// Beyond a row's length the state stays as it is, outputs are zero and no gradient flows; the backward recurrence starts at the row's own
/// last step and its last state is that at time 0.
/// Weights start as xavierUniform (rnn with relu: heNormal), each gate by itself; biases at 0, but an lstm's input bias of the forget gate
/// at 1 (Jozefowicz, Zaremba, Sutskever, ICML 2015).
/// </summary>
public sealed unsafe class RecurrentLayer : Layer
{
    private const int ParametersOfDirection = 4;
    private readonly RecurrentShape[] _directions;
    private readonly bool _sequences;

    internal RecurrentLayer(string name, TensorShape inputShape, RecurrentShape shape, bool sequences, bool bidirectional, double recurrentGain)
        : base(
            name, inputShape, Outputs(shape, sequences, bidirectional ? 2 : 1),
            bidirectional ? [.. Describe(shape, recurrentGain, ""), .. Describe(shape, recurrentGain, "Reverse")] : Describe(shape, recurrentGain, ""))
    {
        _directions = bidirectional ? [shape, shape with { Reverse = true }] : [shape];
        _sequences = sequences;
    }

    public override int StateLength(int maxRows, int maxSlices)
        => checked((int)(_directions.Length * RecurrentState.LengthOf(_directions[0], maxRows)));

    public override void Forward(in LayerPass pass, ReadOnlySpan<float> x, Span<float> y)
    {
        int rows = pass.Rows.RowCount;
        fixed (float* px = x, py = y, state = pass.State, parameters = pass.Parameters)
        fixed (int* lengths = pass.Lengths)
        {
            for (int d = 0; d < _directions.Length; d++)
                Recurrence.Forward(_directions[d], Weights(pass, d, parameters), State(d, rows, state), rows, px, lengths, Side(py, d));
        }
    }

    public override void Backward(in LayerPass pass, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dy, Span<float> dx)
    {
        int rows = pass.Rows.RowCount;
        fixed (float* px = x, pdy = dy, pdx = dx, state = pass.State, parameters = pass.Parameters, gradient = pass.Gradient)
        fixed (int* lengths = pass.Lengths)
        {
            for (int d = 0; d < _directions.Length; d++)
            {
                RecurrentShape shape = _directions[d];
                RecurrentWeights weights = Weights(pass, d, parameters);
                RecurrentState own = State(d, rows, state);
                Recurrence.Backward(shape, weights, own, rows, lengths, Side(pdy, d));
                if (!pass.GradientOf(0).IsEmpty)
                    GateGradients.Compute(shape, own, px, pass.Rows.RowStarts, pass.Workspace, Gradients(pass, d, gradient));
                if (pdx != null) Recurrence.InputGradient(shape, weights, own, rows, pdx, joins: d > 0);
            }
        }
    }

    private RecurrentState State(int direction, int rows, float* state)
    {
        RecurrentShape shape = _directions[direction];
        return new RecurrentState(shape, rows, state + direction * RecurrentState.LengthOf(shape, rows));
    }

    private RecurrentOutputs Side(float* outputs, int direction)
    {
        int units = _directions[0].Units;
        return new RecurrentOutputs(outputs + direction * units, _directions.Length * units, _sequences);
    }

    private static RecurrentWeights Weights(in LayerPass pass, int direction, float* parameters)
    {
        int first = direction * ParametersOfDirection;
        return new RecurrentWeights(
            parameters + Offset(pass, first), parameters + Offset(pass, first + 1), parameters + Offset(pass, first + 2),
            parameters + Offset(pass, first + 3));
    }

    private static RecurrentGradients Gradients(in LayerPass pass, int direction, float* gradient)
    {
        int first = direction * ParametersOfDirection;
        return new RecurrentGradients(
            gradient + Offset(pass, first), gradient + Offset(pass, first + 1), gradient + Offset(pass, first + 2),
            gradient + Offset(pass, first + 3));
    }

    private static int Offset(in LayerPass pass, int parameter) => pass.Layout.View(pass.Layer, parameter).Offset;

    private static TensorShape Outputs(in RecurrentShape shape, bool sequences, int directions)
        => sequences ? new TensorShape(shape.Steps, directions * shape.Units) : new TensorShape(directions * shape.Units);

    private static ParameterDescription[] Describe(in RecurrentShape shape, double recurrentGain, string suffix)
    {
        int units = shape.Units, gateUnits = shape.GateUnits, features = shape.Features;
        return
        [
            new("weightInput" + suffix, new TensorShape(gateUnits, features), ParameterKind.Weight, features, units),
            new("weightRecurrent" + suffix, new TensorShape(gateUnits, units), ParameterKind.Weight, units, units) { Gain = recurrentGain },
            new("biasInput" + suffix, new TensorShape(gateUnits), ParameterKind.Bias, features, units)
            {
                Ones = shape.Cell == RecurrentCell.Lstm ? units..(2 * units) : default,
            },
            new("biasRecurrent" + suffix, new TensorShape(gateUnits), ParameterKind.Bias, units, units),
        ];
    }
}
