using DistBp.Learning.Data;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;

namespace DistBp.Learning;

/// <summary>Whether a network's end fits the loss and the targets of the data.</summary>
internal static class NetworkChecks
{
    /// <param name="layers">Those that could be made: fewer than the model's where one could not.</param>
    public static void Check(
        ModelDescription model, string[] names, TensorShape sampleShape, TargetDescription target, LossDescription loss,
        List<Layer> layers, NetworkProblems problems)
    {
        if (model.Layers.Count == 0)
        {
            problems.Add("the model has no layers", "model.layers", "add at least one, as '- dense: 10'");
            return;
        }
        CheckLossAgainstTarget(target, loss, problems);
        CheckLastLayer(model.Layers[^1], names[^1], loss, problems);
        if (!problems.Any) CheckOutputs(names[^1], layers[^1].OutputShape, sampleShape, target, problems);
    }

    private static void CheckLossAgainstTarget(TargetDescription target, LossDescription loss, NetworkProblems problems)
    {
        bool fits = loss.Kind switch
        {
            LossKind.SoftmaxCrossEntropy => target.Kind == TargetKind.Classes,
            LossKind.BinaryCrossEntropy => target.Kind is TargetKind.Binary or TargetKind.Input,
            _ => target.Kind is TargetKind.Values or TargetKind.Input,
        };
        if (!fits)
        {
            problems.Add(
                $"the loss {NameOf(loss.Kind)} does not fit targets that are {Describe(target.Kind)}", "loss",
                "softmaxCrossEntropy takes classes, binaryCrossEntropy 0 and 1, meanSquaredError and huber values");
        }
        if (loss.Kind == LossKind.Huber && !(loss.HuberDelta > 0))
            problems.Add($"huber's delta is {loss.HuberDelta}", "loss", "give a delta above 0");
        if (target.Kind == TargetKind.Classes && target.ClassCount < 2)
            problems.Add($"the data has {target.ClassCount} class(es)", "data.train", "there must be at least 2 to learn from");
    }

    private static void CheckLastLayer(LayerDescription last, string name, LossDescription loss, NetworkProblems problems)
    {
        if (last is SoftmaxDescription && loss.Kind == LossKind.SoftmaxCrossEntropy)
        {
            problems.AddOfLayer(
                $"layer '{name}' is a softmax, and the loss softmaxCrossEntropy applies one itself", name,
                "drop the last softmax: the loss works on logits, and predict gives probabilities all the same");
        }
        if (last is ActivationDescription { Function: ActivationKind.Sigmoid } && loss.Kind == LossKind.BinaryCrossEntropy)
        {
            problems.AddOfLayer(
                $"layer '{name}' is a sigmoid, and the loss binaryCrossEntropy applies one itself", name,
                "drop the last sigmoid: the loss works on logits, and predict gives probabilities all the same");
        }
    }

    private static void CheckOutputs(
        string name, TensorShape output, TensorShape sampleShape, TargetDescription target, NetworkProblems problems)
    {
        if (target.ClassSteps > 0)
        {
            CheckSteps(name, output, target, problems);
            return;
        }
        (int expected, string why) = target.Kind switch
        {
            TargetKind.Classes => (target.ClassCount, $"the data has {target.ClassCount} classes"),
            TargetKind.Input => (sampleShape.ElementCount, $"the target is the input of shape {sampleShape}"),
            _ when target.Shape.ElementCount == 1 => (1, "the data has one target a sample"),
            _ => (target.Shape.ElementCount, $"a target of the data has the shape {target.Shape}"),
        };
        if (output.ElementCount == expected) return;
        problems.AddOfLayer(
            $"the last layer '{name}' gives {output}, but {why}: expected [{expected}]", name, $"end the model with '- dense: {expected}'");
    }

    private static void CheckSteps(string name, TensorShape output, TargetDescription target, NetworkProblems problems)
    {
        if (output.ElementCount == target.ClassSteps * target.ClassCount && (output.Rank == 1 || output[0] == target.ClassSteps)) return;
        problems.AddOfLayer(
            $"the last layer '{name}' gives {output}, but each of {target.ClassSteps} steps has one of {target.ClassCount} classes: expected [{target.ClassSteps}, {target.ClassCount}]",
            name,
            $"end the model with '- dense: {{units: {target.ClassCount}, timeDistributed: true}}' after layers that keep the steps (returnSequences: true)");
    }

    private static string NameOf(LossKind kind) => $"{char.ToLowerInvariant(kind.ToString()[0])}{kind.ToString()[1..]}";

    private static string Describe(TargetKind kind) => kind switch
    {
        TargetKind.Classes => "classes",
        TargetKind.Binary => "0 and 1",
        TargetKind.Input => "the input itself",
        _ => "values",
    };
}
