/** What a door of the engine declares: every function, constructor and method, with the kinds of value that each argument may be. */
import { fileURLToPath } from 'node:url';
import { isParameterDeclaration } from 'typescript/unstable/ast/is';
import {
  API,
  type Checker,
  ModifierFlags,
  type Project,
  type Signature,
  SignatureKind,
  SymbolFlags,
  type Type,
  TypeFlags,
  type Symbol as TypeSymbol,
} from 'typescript/unstable/sync';

/** What an argument, a property of one or an element of one may be, by its declared type. */
export interface Kind {
  /** Of `number`, `string`, `boolean`, `undefined`, `null`, `function`, `array` and `object`, and names of classes; `any` is all of them. */
  readonly names: ReadonlySet<string>;
  readonly properties: ReadonlyMap<string, Kind>;
  readonly element: Kind | null;
}

export interface Callable {
  /** `conv2d`, `new Conv2d`, `Tensor.from` or `Tensor#reshape`. */
  readonly name: string;
  /** One or more, where it is overloaded. */
  readonly signatures: readonly (readonly Kind[])[];
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Options do not nest deeper. */
const DEEPEST = 4;

/** @param door a file of the repository, e.g. `src/index.ts` */
export function callablesOf(door: string): Callable[] {
  const api = new API({ cwd: ROOT });
  try {
    const config = `${ROOT}tsconfig.json`;
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config);
    if (!project) throw new Error(`There is no project ${config}.`);
    return new Declarations(project).exportsOf(`${ROOT}${door}`);
  } finally {
    api.close();
  }
}

class Declarations {
  private readonly checker: Checker;

  constructor(private readonly project: Project) {
    this.checker = project.checker;
  }

  exportsOf(path: string): Callable[] {
    const { checker } = this;
    const file = this.project.program.getSourceFile(path);
    const module = file && checker.getSymbolAtLocation(file);
    if (!module) throw new Error(`There is no module ${path}.`);
    return checker.getExportsOfModule(module).flatMap((exported) => {
      const symbol = exported.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      if (symbol.flags & SymbolFlags.Function) return this.called(exported.name, symbol);
      return symbol.flags & SymbolFlags.Class ? this.classOf(exported.name, symbol) : [];
    });
  }

  private classOf(name: string, symbol: TypeSymbol): Callable[] {
    const { checker } = this;
    const [statics, instances] = [checker.getTypeOfSymbol(symbol), checker.getDeclaredTypeOfSymbol(symbol)];
    if (!statics) throw new Error(`${name} has no type.`);
    const constructors = checker
      .getSignaturesOfType(statics, SignatureKind.Construct)
      .filter((signature) => this.isPublic(signature) && !signature.isAbstract);
    const made =
      constructors.length > 0 ? [{ name: `new ${name}`, signatures: constructors.map((one) => this.kinds(one)) }] : [];
    const methodsOf = (type: Type) =>
      checker.getPropertiesOfType(type).filter((member) => member.flags & SymbolFlags.Method && this.isOurs(member));
    return [
      ...made,
      ...methodsOf(statics).flatMap((method) => this.called(`${name}.${method.name}`, method)),
      ...methodsOf(instances).flatMap((method) => this.called(`${name}#${method.name}`, method)),
    ];
  }

  private called(name: string, symbol: TypeSymbol): Callable[] {
    const type = this.checker.getTypeOfSymbol(symbol);
    const signatures = type ? this.checker.getSignaturesOfType(type, SignatureKind.Call) : [];
    const shown = signatures.filter((signature) => this.isPublic(signature));
    return shown.length > 0 ? [{ name, signatures: shown.map((one) => this.kinds(one)) }] : [];
  }

  private isPublic({ declaration }: Signature): boolean {
    const node = declaration?.resolve(this.project);
    if (!node) return true;
    const hidden = ModifierFlags.Private | ModifierFlags.Protected;
    const modifiers = 'modifierFlags' in node ? Number(node.modifierFlags) : 0;
    const text = node.getSourceFile().text.slice(node.getFullStart(), node.getStart());
    return (modifiers & hidden) === 0 && !text.includes('@internal');
  }

  private isOurs({ declarations }: TypeSymbol): boolean {
    return declarations.every((handle) =>
      handle.resolve(this.project)?.getSourceFile().fileName.startsWith(`${ROOT}src/`),
    );
  }

  private kinds(signature: Signature): Kind[] {
    return signature.getParameters().map((parameter) => {
      const node = parameter.declarations[0]?.resolve(this.project);
      const isOptional =
        node && isParameterDeclaration(node) && (node.initializer || node.questionToken || node.dotDotDotToken);
      const type = this.checker.getTypeOfSymbol(parameter);
      const kind = type ? this.kindOf(type, 0) : NOTHING;
      return isOptional ? { ...kind, names: new Set([...kind.names, 'undefined']) } : kind;
    });
  }

  private kindOf(type: Type, depth: number): Kind {
    if (type.isUnionType()) return together(type.getTypes().map((part) => this.kindOf(part, depth)));
    if (type.isTypeParameter()) {
      const constraint = this.checker.getBaseConstraintOfType(type);
      return constraint && !constraint.isTypeParameter() ? this.kindOf(constraint, depth) : named('any');
    }
    const plain = PLAIN.find(([flags]) => type.flags & flags);
    if (plain) return named(plain[1]);
    if (this.checker.getSignaturesOfType(type, SignatureKind.Call).length > 0) return named('function');
    if (this.checker.isTupleType(type) || this.checker.isArrayType(type)) {
      const elements = type.isTypeReference() ? this.checker.getTypeArguments(type) : [];
      return { ...named('array'), element: together(elements.map((element) => this.kindOf(element, depth))) };
    }
    const symbol = type.getSymbol();
    if (symbol && symbol.flags & SymbolFlags.Class) return named(symbol.name);
    if (symbol && !this.isOurs(symbol)) return named(symbol.name === '__type' ? 'object' : symbol.name);
    const properties = depth < DEEPEST ? this.checker.getPropertiesOfType(type) : [];
    return {
      ...named('object'),
      properties: new Map(properties.map((property) => [property.name, this.propertyOf(property, depth)])),
    };
  }

  private propertyOf(property: TypeSymbol, depth: number): Kind {
    const type = this.checker.getTypeOfSymbol(property);
    const kind = type ? this.kindOf(type, depth + 1) : NOTHING;
    return property.flags & SymbolFlags.Optional ? { ...kind, names: new Set([...kind.names, 'undefined']) } : kind;
  }
}

const NOTHING: Kind = { names: new Set(), properties: new Map(), element: null };

const PLAIN: readonly (readonly [flags: number, name: string])[] = [
  [TypeFlags.Any | TypeFlags.Unknown, 'any'],
  [TypeFlags.Undefined | TypeFlags.Void, 'undefined'],
  [TypeFlags.Null, 'null'],
  [TypeFlags.String | TypeFlags.StringLiteral | TypeFlags.TemplateLiteral, 'string'],
  [TypeFlags.Number | TypeFlags.NumberLiteral, 'number'],
  [TypeFlags.Boolean | TypeFlags.BooleanLiteral, 'boolean'],
];

function named(name: string): Kind {
  return { ...NOTHING, names: new Set([name]) };
}

export function together(kinds: readonly Kind[]): Kind {
  const elements = kinds.flatMap(({ element }) => element ?? []);
  return {
    names: new Set(kinds.flatMap(({ names }) => [...names])),
    properties: new Map(kinds.flatMap(({ properties }) => [...properties])),
    element: elements.length > 0 ? together(elements) : null,
  };
}
