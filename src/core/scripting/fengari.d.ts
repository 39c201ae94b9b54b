// The parts of fengari that are used here come without types; lua-vm.ts gives them some.
declare module "fengari/src/*" {
  const module: unknown;
  export default module;
}
