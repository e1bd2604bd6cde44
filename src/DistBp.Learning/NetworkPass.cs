using DistBp.Learning.Layers;

namespace DistBp.Learning;

/// <summary>The walk through the layers, forward and backward.</summary>
internal sealed class NetworkPass
{
    private readonly Network _network;
    private readonly int _firstTrained;

    /// <summary>By layer: where its dense trained parameters begin; -1 where it has none.</summary>
    private readonly int[] _begins;

    public NetworkPass(Network network)
    {
        _network = network;
        _firstTrained = network.Layers.Count;
        foreach (ParameterView view in network.Parameters.Views)
        {
            if (view.Trained) _firstTrained = Math.Min(_firstTrained, view.Layer);
        }
        _begins = new int[network.Layers.Count];
        Array.Fill(_begins, -1);
        foreach (ParameterView view in network.Parameters.Views.Where(v => v.Group == ParameterGroup.Trained).Reverse()) _begins[view.Layer] = view.Offset;
    }

    public void Forward(
        NetworkWorkspace workspace, ReadOnlySpan<float> parameters, SliceRows rows, StepIdentity step, bool training)
    {
        for (int index = 0; index < _network.Layers.Count; index++)
        {
            Layer layer = _network.Layers[index];
            if (layer.IsReshape) continue;
            LayerPass pass = Pass(workspace, parameters, [], [], rows, step, index, training);
            layer.Forward(pass, workspace.Input(index, rows.RowCount), workspace.Output(index, rows.RowCount));
        }
    }

    /// <summary>From the last layer to the first trained one, which computes no gradient of its input.</summary>
    /// <param name="ready">Told after each layer from where on what is trained and dense in the gradient is done.</param>
    public void Backward(
        NetworkWorkspace workspace, ReadOnlySpan<float> parameters, SliceRows rows, StepIdentity step, Span<float> gradient,
        ReadOnlySpan<SparseGradient> sparse, Action<int>? ready)
    {
        int count = rows.RowCount;
        Span<float> dy = workspace.OutputDelta, dx = workspace.OtherDelta;
        for (int index = _network.Layers.Count - 1; index >= _firstTrained; index--)
        {
            Layer layer = _network.Layers[index];
            if (layer.PassesGradient) continue;
            LayerPass pass = Pass(workspace, parameters, gradient, sparse, rows, step, index, training: true);
            Span<float> dInput = index > _firstTrained ? dx[..(count * layer.InputShape.ElementCount)] : [];
            layer.Backward(
                pass, workspace.Input(index, count), workspace.Output(index, count), dy[..(count * layer.OutputShape.ElementCount)], dInput);
            if (_begins[index] >= 0) ready?.Invoke(_begins[index]);
            Span<float> spent = dy;
            dy = dx;
            dx = spent;
        }
    }

    private LayerPass Pass(
        NetworkWorkspace workspace, ReadOnlySpan<float> parameters, Span<float> gradient, ReadOnlySpan<SparseGradient> sparse, SliceRows rows,
        StepIdentity step, int index, bool training)
    {
        int partner = _network.Layers[index].Partner;
        return new()
        {
            Rows = rows,
            Lengths = workspace.LengthsOf(rows.RowCount),
            Training = training,
            Step = step,
            Layer = index,
            State = workspace.State(index),
            InputState = index > 0 ? workspace.State(index - 1) : [],
            PartnerInput = partner < 0 ? [] : workspace.Input(partner, rows.RowCount),
            PartnerState = partner < 0 ? [] : workspace.State(partner),
            Workspace = workspace.Kernels,
            Layout = _network.Parameters,
            Parameters = parameters,
            Gradient = gradient,
            SparseGradients = sparse,
        };
    }
}
